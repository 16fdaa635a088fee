"""A report as the document of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from toktui.clock import iso
from toktui.metrics.report import Coverage, Totals

if TYPE_CHECKING:
    from toktui.metrics.question import Question
    from toktui.metrics.report import Report


class ReportDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.report/1`."""

    schema: Literal["toktui.report/1"] = "toktui.report/1"
    generated_at: str
    timezone: str
    period: str
    by: tuple[str, ...]
    rows: tuple[Totals, ...]
    totals: Totals
    coverage: Coverage


def as_document(report: Report, question: Question, *, now_ms: int, zone: str) -> ReportDocument:
    """The report with what was asked and when."""
    return ReportDocument(
        generated_at=iso(now_ms - now_ms % 1000),
        timezone=zone,
        period=question.period,
        by=question.by,
        rows=report.rows,
        totals=report.totals,
        coverage=report.coverage,
    )
