"""What a scanner or a telephone makes of paper: turned, crooked, in bad light, blurred, noisy."""

from pigeonhole.synthetic.scanning.conditions import Conditions, draw_conditions
from pigeonhole.synthetic.scanning.scanner import scan_leaves

__all__ = ["Conditions", "draw_conditions", "scan_leaves"]
