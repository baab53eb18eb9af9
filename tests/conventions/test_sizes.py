"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.tree import lines_of, parsed, product_files, python_files, written_files

FILE, TEST_FILE, FUNCTION, TRIGGERED = 250, 300, 45, 25


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, inner ones too."""
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_file_is_longer_than_its_cap() -> None:
    """250 lines, 300 for a test."""
    too_long = {
        str(path): count
        for path in written_files()
        if (count := lines_of(path)) > (TEST_FILE if path.parts[0] == "tests" else FILE)
    }

    assert too_long == {}


def test_no_function_is_longer_than_45_lines() -> None:
    """Counted from its `def` to its last line."""
    too_long = {
        f"{path}:{function.lineno} {function.name}": length
        for path in python_files()
        for function in functions_of(parsed(path))
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION
    }

    assert too_long == {}


def test_a_function_that_is_triggered_verifies_translates_and_answers_and_no_more() -> None:
    """In a module of functions/ one has 25 lines at most; more is a rule in the wrong place."""
    too_long = {
        f"{path} {function.name}": length
        for path in product_files()
        if path.parts[0] == "functions" and path.parent.name == "functions"
        for function in functions_of(parsed(path))
        if (length := (function.end_lineno or 0) - function.lineno + 1) > TRIGGERED
    }

    assert too_long == {}
