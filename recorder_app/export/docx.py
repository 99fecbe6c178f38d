"""A recording as a Word document (WordprocessingML, ECMA-376), written by hand.

Decision: python-docx (MIT) would bring lxml, 5 MB, for what are five small XML parts here. They were checked
with python-docx 1.2, which reads back every paragraph, style and property.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.sax.saxutils import escape

from recorder_app.export.base import Exporter
from recorder_app.export.document import Block, Kind, aside, blocks, clock, is_right_to_left, title
from recorder_app.models import RecordingDetail

_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_TYPES = f"""{_HEAD}<Types xmlns="{_PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml" ContentType="{_TYPE}.document.main+xml"/>
<Override PartName="/word/styles.xml" ContentType="{_TYPE}.styles+xml"/>
<Override PartName="/docProps/core.xml"
 ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>
</Types>"""
_RELATIONS = f"""{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>
<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties"
 Target="docProps/core.xml"/></Relationships>"""
_DOCUMENT_RELATIONS = f"""{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>"""

_STYLES: dict[Kind, tuple[str, str, str, str]] = {
    # id, name as Word knows it, paragraph properties, run properties
    Kind.TITLE: ("Title", "Title", '<w:spacing w:after="120"/>', '<w:b/><w:sz w:val="40"/>'),
    Kind.HEADING: ("Heading1", "heading 1",
                   '<w:keepNext/><w:spacing w:before="320" w:after="80"/><w:outlineLvl w:val="0"/>',
                   '<w:b/><w:sz w:val="28"/>'),
    Kind.FACT: ("Fact", "Fact", "", '<w:color w:val="555555"/>'),
    Kind.ITEM: ("Item", "Item", '<w:spacing w:after="40"/><w:ind w:left="360" w:hanging="240"/>', ""),
    Kind.TASK: ("Task", "Task", '<w:spacing w:after="40"/><w:ind w:left="360" w:hanging="360"/>', ""),
    Kind.NOTE: ("Note", "Note", "", ""),
    Kind.REMARK: ("Remark", "Remark", '<w:spacing w:before="80"/>', '<w:i/><w:color w:val="555555"/>'),
    Kind.DRAFT: ("Draft", "Draft", '<w:spacing w:after="120"/>', '<w:color w:val="9A3412"/>'),
    Kind.LINE: ("Spoken", "Spoken", '<w:spacing w:after="120"/>', ""),
    Kind.HOLE: ("Missing", "Missing", '<w:spacing w:after="120"/>', '<w:i/><w:color w:val="9A3412"/>'),
}  # fmt: skip


def to_docx(detail: RecordingDetail) -> bytes:
    paragraphs = "".join(_paragraph(block) for block in blocks(detail))
    page = '<w:sectPr><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134"/></w:sectPr>'
    body = f"<w:body>{paragraphs}{page}</w:body>"
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELATIONS,
        "docProps/core.xml": _properties(detail),
        "word/document.xml": f'{_HEAD}<w:document xmlns:w="{_MAIN}">{body}</w:document>',
        "word/styles.xml": _styles(),
        "word/_rels/document.xml.rels": _DOCUMENT_RELATIONS,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def _paragraph(block: Block) -> str:
    is_rtl = is_right_to_left(block.text)
    direction = "<w:bidi/>" if is_rtl else ""
    runs = "".join(_run(text, properties, is_rtl=is_rtl) for text, properties in _pieces(block) if text)
    return f'<w:p><w:pPr><w:pStyle w:val="{_STYLES[block.kind][0]}"/>{direction}</w:pPr>{runs}</w:p>'


def _pieces(block: Block) -> Iterator[tuple[str, str]]:
    grey = '<w:color w:val="555555"/>'
    at = clock(block.at_ms) if block.at_ms is not None else ""
    match block.kind:
        case Kind.FACT if block.label:
            yield f"{block.label}: ", "<w:b/>"
        case Kind.ITEM:
            yield f"• {at} " if at else "• ", ""
        case Kind.TASK:
            yield "☑ " if block.is_done else "☐ ", ""
        case Kind.DRAFT:
            yield f"Draft{f' {block.label}' if block.label else ''}: ", "<w:b/>"
        case Kind.LINE:
            yield f"{block.label} ", "<w:b/>"
            yield f"{at}  ", grey
        case Kind.HOLE:
            yield f"{at}  ", ""
        case _:
            pass
    yield block.text, ""
    if told := aside(block):
        yield f" {told}", grey
    if block.description:
        yield f" — {block.description}", grey


def _run(text: str, properties: str, *, is_rtl: bool) -> str:
    direction = "<w:rtl/>" if is_rtl and is_right_to_left(text) else ""
    both = f"<w:rPr>{properties}{direction}</w:rPr>" if properties or direction else ""
    return f'<w:r>{both}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _styles() -> str:
    normal = '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    named = "".join(
        f'<w:style w:type="paragraph" w:styleId="{style}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/>'
        f"<w:qFormat/><w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
        for style, name, paragraph, run in _STYLES.values()
    )
    font = '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Arial" w:eastAsia="Yu Gothic"/>'
    defaults = f'<w:docDefaults><w:rPrDefault><w:rPr>{font}<w:sz w:val="22"/></w:rPr></w:rPrDefault></w:docDefaults>'  # fmt: skip  # noqa: E501
    return f'{_HEAD}<w:styles xmlns:w="{_MAIN}">{defaults}{normal}{named}</w:styles>'


def _properties(detail: RecordingDetail) -> str:
    created = detail.recording.started_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title(detail.recording))}</dc:title>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{created}</dcterms:created></cp:coreProperties>'
    )


DOCX = Exporter(
    name="docx",
    title="Word (DOCX)",
    suffix=".docx",
    media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    render=to_docx,
    is_text=False,
)
