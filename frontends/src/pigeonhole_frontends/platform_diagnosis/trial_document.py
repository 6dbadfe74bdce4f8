"""A document to try a platform with: one page of a PDF with its text, made by hand so that no library is needed."""

_LINES = (
    "INVOICE",
    "Pigeonhole doctor, 1 Sorting Road, 75001 Paris",
    "Invoice number 2026-0001, date 28 November 2026",
    "Description               Quantity   Unit price      Total",
    "Sorting of documents             2        50.00     100.00",
    "Total excluding VAT                                 100.00",
    "VAT 20 %                                             20.00",
    "Total amount due                                    120.00",
    "Payment within 30 days by bank transfer",
)
_FIRST_LINE, _LEADING = 780, 18


def trial_document(mark: str) -> bytes:
    """Return a PDF of one page; its mark, of letters, digits and hyphens, makes its bytes its own."""
    content = _content((*_LINES, f"Reference {mark}"))
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    )
    body, places = b"%PDF-1.4\n", []
    for number, written in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, written)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + trailer


def _content(lines: tuple[str, ...]) -> bytes:
    shown = "\n".join(f"({_escaped(line)}) Tj T*" for line in lines)
    return f"BT\n/F1 11 Tf\n{_LEADING} TL\n60 {_FIRST_LINE} Td\n{shown}\nET".encode("ascii")


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
