"""How a document looks: typefaces, styles, layouts, composition and painting."""
