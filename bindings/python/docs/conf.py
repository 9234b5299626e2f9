"""Sphinx: the documentation of the package, out of its docstrings and these pages.

Built by `make python-docs`, from the package as it is installed."""
project = "sennit"
copyright = "the authors of sennit"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"
default_role = "code"
html_theme = "alabaster"
html_theme_options = {"description": "Text that many people edit at once"}
nitpicky = True
nitpick_ignore_regex = [("py:class", ".*")]  # bases, by the modules they are written in
