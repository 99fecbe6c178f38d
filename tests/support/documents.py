"""The words in an exported file, read back without the code that wrote them."""

from __future__ import annotations

import io
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
import zlib

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def text_of(name: str, data: bytes) -> str:
    """Plain text with single spaces. A PDF's in the order in which it is drawn, see `pdf_text`."""
    readers = {"docx": docx_text, "pdf": pdf_text, "zip": zip_text, "json": json_text}
    return " ".join(readers.get(name, bytes.decode)(data).split())


def docx_text(data: bytes) -> str:
    return "\n".join("".join(node.itertext()) for node in docx_paragraphs(data))


def docx_paragraphs(data: bytes) -> list[ET.Element]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        parts = {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}
    styles = {each.get(f"{_WORD}styleId") for each in parts["word/styles.xml"].iter(f"{_WORD}style")}
    paragraphs = list(parts["word/document.xml"].iter(f"{_WORD}p"))
    assert {each.find(f"{_WORD}pPr/{_WORD}pStyle").get(f"{_WORD}val") for each in paragraphs} <= styles
    return paragraphs


def json_text(data: bytes) -> str:
    return json.dumps(json.loads(data), ensure_ascii=False)


def zip_text(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return "\n".join(
            archive.read(name).decode() for name in archive.namelist() if not name.endswith(".ogg")
        )


def pdf_text(data: bytes) -> str:
    """What Qt wrote: hexadecimal glyphs shown with fonts that tell their characters (ToUnicode)."""
    objects = {
        int(number): body for number, body in re.findall(rb"\n(\d+) 0 obj\n(.*?)\nendobj", data, re.DOTALL)
    }
    fonts = {}
    for body in objects.values():
        resources = re.search(rb"/Font\s*<<(.*?)>>", body, re.DOTALL)
        for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", resources.group(1) if resources else b""):
            told = re.search(rb"/ToUnicode (\d+) 0 R", objects[int(number)])
            fonts[name] = _characters(_stream(objects[int(told.group(1))])) if told else {}
    # The glyph of a space is told as a tab.
    return " ".join(_shown(_stream(body), fonts) for body in objects.values() if b"stream" in body)


def _stream(body: bytes) -> bytes:
    raw = re.search(rb"stream\r?\n(.*?)\r?\n?endstream", body, re.DOTALL).group(1)
    return zlib.decompressobj().decompress(raw) if b"/FlateDecode" in body else raw


def _characters(cmap: bytes) -> dict[int, str]:
    found = {}
    for block in re.findall(rb"beginbfrange\n(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, rest in re.findall(rb"<(\w+)> <(\w+)> (\[.*?\]|<\w+>)", block, re.DOTALL):
            codes = [
                bytes.fromhex(code.decode()).decode("utf-16-be", "replace")
                for code in re.findall(rb"<(\w+)>", rest)
            ]
            for offset in range(int(last, 16) - int(first, 16) + 1):
                text = codes[offset] if rest.startswith(b"[") else chr(ord(codes[0][0]) + offset)
                found[int(first, 16) + offset] = text
    return found


def _shown(content: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    text, font = [], {}
    for name, shown in re.findall(rb"/(F\d+) [\d.]+ Tf|<([0-9a-fA-F]+)>", content):
        if name:
            font = fonts.get(name, {})
        else:
            codes = (int(shown[at : at + 4], 16) for at in range(0, len(shown), 4))
            text.append("".join(font.get(code, "") for code in codes))
    return unicodedata.normalize("NFKC", "".join(text))
