"""How good the trained networks are, on scenes that no training has seen."""
