"""What each class says: one builder per class, from a brief to blocks."""

from collections.abc import Callable

from pigeonhole.synthetic.blocks import Content
from pigeonhole.synthetic.content.bank_details import build_bank_details
from pigeonhole.synthetic.content.brief import Brief
from pigeonhole.synthetic.content.cv import build_cv
from pigeonhole.synthetic.content.diploma import build_diploma
from pigeonhole.synthetic.content.identity_document import build_identity_document
from pigeonhole.synthetic.content.invoice import build_invoice
from pigeonhole.synthetic.content.payslip import build_payslip
from pigeonhole.synthetic.content.proof_of_address import build_proof_of_address

BUILDERS: dict[str, Callable[[Brief], Content]] = {
    "invoice": build_invoice,
    "identity_document": build_identity_document,
    "cv": build_cv,
    "proof_of_address": build_proof_of_address,
    "payslip": build_payslip,
    "bank_details": build_bank_details,
    "diploma": build_diploma,
}

__all__ = ["BUILDERS", "Brief"]
