"""Where there are too many designs to look at: a format for each layer, and spaces beyond enumeration."""
