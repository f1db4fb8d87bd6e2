"""Templates filled with one frozen dataclass: Jinja2's one owner."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from server.errors import Language
from server.web.assets import Assets
from server.web.wording import Wording, is_korean


@dataclass(frozen=True, slots=True)
class Renderer:
    """One environment a language, so that no template asks which language it is in."""

    environments: Mapping[Language, Environment]

    def fill(self, template: str, page: object, language: Language) -> str:
        """The template with `page` as its whole context."""
        return self.environments[language].get_template(template).render(page=page)

    def fill_piece(self, template: str, page: object, language: Language) -> Markup:
        """The same as a piece of another page, which takes it as it is: it was escaped here."""
        return Markup(self.fill(template, page, language))  # noqa: S704  (a filled template)


def load_renderer(
    templates: Path, assets: Assets, wordings: Mapping[Language, Wording]
) -> Renderer:
    """Prepare the templates for every language."""
    return Renderer(
        {
            language: _environment(templates, assets, wording)
            for language, wording in wordings.items()
        }
    )


def _environment(templates: Path, assets: Assets, wording: Wording) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals["asset"] = assets.address
    environment.filters["number"] = wording.number
    environment.filters["percent"] = wording.percent
    environment.filters["whole_percent"] = wording.whole_percent
    environment.tests["korean"] = is_korean
    environment.install_gettext_translations(  # type: ignore[attr-defined]  # added by the extension
        wording.translations, newstyle=True
    )
    return environment
