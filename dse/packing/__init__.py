"""Arrays of numbers as codes, in the words that a unit takes."""
