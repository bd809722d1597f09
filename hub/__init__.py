"""The province: roles over what all markets report."""
