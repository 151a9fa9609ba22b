"""The bench tested by mutation: each unit's Verilog made wrong in many ways, and what the bench says of each."""
