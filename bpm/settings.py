"""The environment, read once at the doors and frozen. Names are those of the contract, prefix `BPM_`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """All optional; the defaults give an embedded service on this machine."""

    model_config = SettingsConfigDict(env_prefix="BPM_", frozen=True, extra="ignore")

    database_url: str = "sqlite:///var/lichtung.db"
    data_dir: Path = Path("var")
    lang: str = Field(default="de", pattern="^(de|en)$")
    timezone: str = "Europe/Berlin"
    holidays: str = "BY"
    seal_key_file: Path | None = None
    oidc_issuer: str | None = None
    oidc_audience: str = "lichtung"
    conformance_data: Path | None = None
    embedded_worker: bool = True


@cache
def settings() -> Settings:
    """The process's settings."""
    return Settings()
