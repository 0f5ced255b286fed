"""The version of this release. It is written here, and once more in ``engine/core/Cargo.toml``: the core has the same."""

__version__ = "0.2.0"
