"""Programs held against an interpreter that shares nothing with the code generator."""
