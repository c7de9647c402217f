"""The rooms composed, one file a use: what both faces are given."""
