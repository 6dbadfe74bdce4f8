"""Pages of a document as pixels or as the text layer of a PDF.

Import from this package, not from its modules, where threads may do so at the same time: Python locks a module before
its package, and two threads that begin at different modules would wait for each other.
"""

from pigeonhole.pages.images import fit_long_side
from pigeonhole.pages.pdf import page_text_layer
from pigeonhole.pages.rendering import page_jpeg, render_page

__all__ = ["fit_long_side", "page_jpeg", "page_text_layer", "render_page"]
