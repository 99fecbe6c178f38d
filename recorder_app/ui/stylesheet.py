"""The one small style sheet: buttons, fields, menus, tool tips, scroll bars; the rest paints itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recorder_app.ui.theme import Tokens

_TEMPLATE = """
QPushButton {{ background: {button}; color: {text}; border: 1px solid {edge}; border-radius: 6px;
  padding: 0 12px; min-height: {h30}px; font-weight: 500; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:pressed {{ background: {line}; }}
QPushButton:disabled {{ color: {disabled}; background: {button}; border-color: {line}; }}
QPushButton[kind="primary"] {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}
QPushButton[kind="primary"]:hover, QPushButton[kind="primary"]:pressed {{ background: {accent_hover};
  border-color: {accent_hover}; }}
QPushButton[kind="primary"]:disabled {{ background: {neutral_tint}; color: {disabled};
  border-color: {neutral_tint}; }}
QPushButton[kind="danger"] {{ background: {red_fill}; color: {on_red}; border-color: {red_fill}; }}
QPushButton[kind="danger"]:hover, QPushButton[kind="danger"]:pressed {{ border-color: {text}; }}
QPushButton[kind="danger"]:disabled {{ background: {neutral_tint}; color: {disabled};
  border-color: {neutral_tint}; }}
QPushButton[kind="flat"] {{ background: transparent; border-color: transparent; }}
QPushButton[kind="flat"]:hover {{ background: {hover}; }}
QPushButton[small="true"] {{ min-height: {h26}px; padding: 0 10px; font-size: {f12}px; }}
QPushButton[kind="toast"] {{ background: transparent; color: {base}; border-color: {base}; }}
QPushButton[kind="toast"]:hover {{ background: {secondary}; }}
QPushButton::menu-indicator {{ image: none; width: 0; }}
QPushButton[kind="start"] {{ text-align: left; min-height: {h34}px; font-weight: 600; }}
QToolButton {{ background: transparent; color: {text}; border: 1px solid transparent; border-radius: 6px;
  padding: 0 6px; min-height: {h28}px; font-weight: 500; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:pressed {{ background: {line}; }}
QToolButton:disabled {{ color: {disabled}; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QToolButton[kind="primary"] {{ background: {accent}; }}
QToolButton[kind="primary"]:hover, QToolButton[kind="primary"]:pressed {{ background: {accent_hover}; }}
QToolButton[kind="primary"]:disabled {{ background: {neutral_tint}; }}
QToolButton[kind="evidence"] {{ color: {accent}; padding: 0 2px; min-height: {h16}px; font-size: {f11}px;
  border: 0; }}
QToolButton[kind="evidence"]:hover {{ background: transparent; text-decoration: underline; }}
QToolButton[kind="tab"] {{ color: {secondary}; border: 0; border-bottom: 2px solid transparent; padding: 0;
  border-radius: 0; min-height: {h36}px; }}
QToolButton[kind="tab"]:hover {{ background: transparent; color: {text}; }}
QToolButton[kind="tab"]:checked {{ color: {text}; border-bottom-color: {accent}; }}
QLineEdit {{ background: {base}; color: {text}; border: 1px solid {edge}; border-radius: 6px;
  padding: 0 9px; min-height: {h30}px; selection-background-color: {accent};
  selection-color: {on_accent}; }}
QLineEdit:focus {{ border-color: {accent}; }}
QLineEdit:disabled {{ color: {disabled}; border-color: {line}; }}
QComboBox {{ background: {base}; color: {text}; border: 1px solid {edge}; border-radius: 6px;
  padding: 0 26px 0 9px; min-height: {h30}px; }}
QComboBox:focus {{ border-color: {accent}; }}
QComboBox:disabled {{ color: {disabled}; border-color: {line}; }}
QComboBox::drop-down {{ border: 0; width: 24px; }}
QComboBox::down-arrow {{ image: none; }}
QComboBox QAbstractItemView {{ background: {base}; color: {text}; border: 1px solid {edge}; padding: 4px;
  selection-background-color: {selected}; selection-color: {text}; outline: 0; }}
QMenu {{ background: {base}; color: {text}; border: 1px solid {edge}; padding: 6px; }}
QMenu::item {{ padding: 5px 28px 5px 12px; border-radius: 4px; min-height: {h18}px; }}
QMenu::item:selected {{ background: {selected}; color: {text}; }}
QMenu::item:disabled {{ color: {secondary}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 5px 6px; }}
QMenu::icon {{ padding-left: 8px; }}
QToolTip {{ background: {text}; color: {base}; border: 0; padding: 4px 8px; }}
QSplitter::handle {{ background: {line}; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 8px; margin: 0; }}
QScrollBar::handle {{ background: {edge}; border-radius: 3px; margin: 1px; }}
QScrollBar::handle:vertical {{ min-height: 32px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; }}
QScrollBar::handle:hover {{ background: {secondary}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def sheet(tokens: Tokens, scale: float) -> str:
    """Fill the sheet with a theme's colours; heights (h…) and font sizes (f…) grow with the font."""
    heights = {f"h{h}": max(h, round(h * scale)) for h in (16, 18, 26, 28, 30, 34, 36)}
    fonts = {f"f{px}": round(px * scale) for px in (11, 12)}
    names = [name for name in type(tokens).__slots__ if name != "speakers"]
    return _TEMPLATE.format(**{name: getattr(tokens, name) for name in names}, **heights, **fonts)
