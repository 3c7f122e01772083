"""How good trained networks are, on scenes that no training has seen. Knows no training."""
