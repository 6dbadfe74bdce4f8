"""Pages of a document as pixels or as the text layer of a PDF."""

from pigeonhole.pages.rendering import page_jpeg, render_page

__all__ = ["page_jpeg", "render_page"]
