"""The version that a node tells the hub."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("yizhan")
except PackageNotFoundError:  # run from a tree that was not installed
    VERSION = "0"
