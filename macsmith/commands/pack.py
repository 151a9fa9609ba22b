"""macsmith pack."""
ABOUT="x"
EXAMPLE=""
def declare(parser): pass
def run(options): return 0
