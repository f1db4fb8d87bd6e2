"""Every error that a person or a program can meet, with its status, code, sentence and next step.

PanelensError
├── InvalidInput (422)
│   ├── InvalidFilter           a filter names a field or a value the catalogue does not hold
│   ├── InvalidQuestion         empty, too long, or no text at all
│   ├── BrokenFile              a data or gold file that cannot be read; nothing was loaded
│   ├── TooLarge (413)          a request body over the limit
│   ├── MethodRefused (405)     the address exists, but not for this method
│   └── TooManySegments (409)   a panel keeps no more of them
├── NotSignedIn (401)          nobody may enter without saying who they are
├── NotAllowed (403)            the person's role does not reach that far
│   ├── TooFew                  so few people match, or do not, that they could be recognised
│   └── ForeignRequest          a change that another site's page sent
├── NotFound (404)
├── TooMany (429)               more requests than one person or address may send
│   └── TooManyTries            too many wrong passwords of late
├── Unavailable (503)
│   ├── DatabaseAway            PostgreSQL does not answer
│   ├── NoChanges               PostgreSQL answers but takes no changes: read-only, or a full disk
│   ├── ModelAway               the model is loading, missing or refused
│   └── TooBusy                 the queue in front of the model or the pool is full
├── TooHeavy (504)              a search took longer than its time limit
└── SetupError (500)            start and commands: what they need is missing or wrong
    ├── NobodyMayEnter          reachable by others, and nobody who could sign in
    ├── BrokenCatalogue
    ├── BrokenGrammar
    └── BrokenDownload
"""

from typing import ClassVar, Literal

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")


class PanelensError(Exception):
    """An error we can explain: `code` is stable, `detail` says what and where.

    `retry_after_seconds` is sent as the HTTP header when it is set.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    retry_after_seconds: ClassVar[int | None] = None
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "처리하지 못했습니다.",
        "en": "Something went wrong.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "다시 시도해 주세요. 계속되면 사건 번호를 운영자에게 알려 주세요.",
        "en": "Try again. If it happens again, give the operator the incident number.",
    }

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.sentences["en"])
        self.detail = detail


class InvalidInput(PanelensError):
    """The request cannot be carried out as it is; nothing was changed."""

    status = 422
    code = "invalid-input"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "요청을 이해할 수 없습니다.",
        "en": "The request cannot be understood.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "아래 설명을 보고 고쳐서 다시 보내 주세요.",
        "en": "Correct what is named below and send it again.",
    }


class InvalidFilter(InvalidInput):
    """A filter that the catalogue does not allow; `detail` names the place."""

    code = "invalid-filter"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "이 패널에 없는 조건입니다.",
        "en": "The filter asks for something this panel does not hold.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "항목과 답은 /api/catalogue 에서 볼 수 있습니다.",
        "en": "Fields and answers are listed at /api/catalogue.",
    }


class InvalidQuestion(InvalidInput):
    """An empty question, one without any text, or one over the length limit."""

    code = "invalid-question"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "읽을 수 있는 질문이 아닙니다.",
        "en": "This is not a question that can be read.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "찾고 싶은 사람을 짧게 적어 주세요.",
        "en": "Describe the people you are looking for in a sentence or two.",
    }


class BrokenFile(InvalidInput):
    """A file that is torn or not of the stated form; `detail` says where it broke."""

    code = "broken-file"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "파일을 읽을 수 없어 아무것도 저장하지 않았습니다.",
        "en": "The file cannot be read, so nothing was stored.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "표시된 위치를 고치거나 파일을 다시 내보내 주세요.",
        "en": "Mend the place that is named, or export the file again.",
    }


class TooLarge(InvalidInput):
    """A request body over the limit; it was not read."""

    status = 413
    code = "too-large"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "보낸 내용이 너무 큽니다.",
        "en": "The request is too large.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "64 kB 이하로 줄여 보내 주세요.",
        "en": "Send no more than 64 kB.",
    }


class MethodRefused(InvalidInput):
    """The address exists but not for this method."""

    status = 405
    code = "method-refused"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "이 주소는 이 방식의 요청을 받지 않습니다.",
        "en": "This address does not take this kind of request.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "받는 방식은 Allow 머리글과 /api/openapi.json 에 있습니다.",
        "en": "The Allow header and /api/openapi.json say which kinds it takes.",
    }


class TooManySegments(InvalidInput):
    """A panel keeps as many segments as it may; this one was not kept."""

    status = 409
    code = "too-many-segments"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "세그먼트가 가득 차서 저장하지 않았습니다.",
        "en": "There are too many segments to keep one more.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "200개까지 저장됩니다. 쓰지 않는 세그먼트를 지우고 다시 저장해 주세요.",
        "en": "A panel keeps 200. Delete one that is not used and keep this one again.",
    }


class NotSignedIn(PanelensError):
    """The address is for people and programs that say who they are."""

    status = 401
    code = "not-signed-in"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "로그인이 필요합니다.",
        "en": "Sign in first.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "사람은 /sign-in 에서 로그인하고, 프로그램은 토큰을 Authorization: Bearer 로 보냅니다.",
        "en": "People sign in at /sign-in; programs send a token as Authorization: Bearer.",
    }


class NotAllowed(PanelensError):
    """The person is known, and this is not for their role."""

    status = 403
    code = "not-allowed"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "이 역할로는 할 수 없습니다.",
        "en": "Your role does not reach this far.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "필요하면 소유자에게 역할을 바꿔 달라고 하세요.",
        "en": "Ask an owner for another role if you need it.",
    }


class TooFew(NotAllowed):
    """Fewer people match, perhaps nobody, or fewer do not, than the operator lets anybody see."""

    code = "too-few"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "일치하는 사람이 너무 적거나 아예 없어서, 또는 일치하지 않는 사람이 너무 적어서 보여 드리지 않습니다.",
        "en": "Too few people match, perhaps nobody, or too few do not, for the result to be shown.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "조건을 하나 빼거나 바꾸어 다시 찾아 보세요.",
        "en": "Drop or change a condition and search again.",
    }


class ForeignRequest(NotAllowed):
    """A form that a page of another site sent in the person's name."""

    code = "foreign-request"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "다른 사이트에서 보낸 요청이라 처리하지 않았습니다.",
        "en": "The request came from another site, so nothing was done.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "이 서버의 화면에서 다시 보내 주세요.",
        "en": "Send it from a page of this server.",
    }


class NotFound(PanelensError):
    """What an address or a number names does not exist."""

    status = 404
    code = "not-found"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "찾는 것이 없습니다.",
        "en": "What was asked for does not exist.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "주소나 번호를 확인하거나 처음 화면으로 돌아가 주세요.",
        "en": "Check the address or the number, or go back to the start page.",
    }


class TooMany(PanelensError):
    """More requests in a minute than one person or one address may send."""

    status = 429
    code = "too-many"
    retry_after_seconds = 60
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "짧은 시간에 요청이 너무 많습니다.",
        "en": "Too many requests in a short time.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "1분 뒤 다시 시도해 주세요.",
        "en": "Try again in a minute.",
    }


class TooManyTries(TooMany):
    """So many wrong passwords for a name, or from an address, that no more are looked at."""

    code = "too-many-tries"
    retry_after_seconds = 300
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "비밀번호를 너무 여러 번 틀렸습니다.",
        "en": "Too many wrong passwords.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "5분 뒤 다시 시도해 주세요. 아주 여러 번 틀린 이름은 한 시간을 기다려야 합니다.",
        "en": "Try again in five minutes; a name that was tried very often waits an hour.",
    }


class Unavailable(PanelensError):
    """A part we depend on is away; the same request may work in a moment."""

    status = 503
    code = "unavailable"
    retry_after_seconds = 5


class DatabaseAway(Unavailable):
    """PostgreSQL cannot be reached."""

    code = "database-away"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "데이터베이스에 연결할 수 없습니다.",
        "en": "The database cannot be reached.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "연결되면 저절로 다시 동작합니다. 잠시 뒤 다시 시도해 주세요.",
        "en": "Searches work again by themselves once it is back. Try again in a moment.",
    }


class NoChanges(Unavailable):
    """PostgreSQL can be read and not written: it is read-only, or its disk is full."""

    code = "no-changes"
    retry_after_seconds = 60
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "지금은 데이터베이스에 저장할 수 없습니다.",
        "en": "The database takes no changes now.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "바뀐 것은 없습니다. 검색은 계속 되니 저장은 잠시 뒤 다시 시도해 주세요.",
        "en": "Nothing was changed. Searches go on; try the change again later.",
    }


class ModelAway(Unavailable):
    """The language model is not loaded."""

    code = "model-away"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "언어 모델이 아직 준비되지 않았습니다.",
        "en": "The language model is not ready.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "잠시 뒤 다시 시도해 주세요. 조건을 직접 고르는 검색은 지금도 됩니다.",
        "en": "Try again in a moment. Searching with a filter works without it.",
    }


class TooBusy(Unavailable):
    """The bounded queue is full."""

    code = "too-busy"
    retry_after_seconds = 3
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "지금은 요청이 너무 많습니다.",
        "en": "Too much is asked at once.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "몇 초 뒤 다시 시도해 주세요.",
        "en": "Try again in a few seconds.",
    }


class TooHeavy(PanelensError):
    """The search was stopped at its time limit."""

    status = 504
    code = "too-heavy"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "검색이 제한 시간을 넘었습니다.",
        "en": "The search took longer than its time limit.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "조건을 줄여 다시 시도해 주세요.",
        "en": "Try again with fewer conditions.",
    }


class SetupError(PanelensError):
    """What the product or a command needs is missing or wrong; `detail` says what to do."""

    code = "setup"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "필요한 것이 없거나 올바르지 않습니다.",
        "en": "Something that Panelens needs is missing or wrong.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "위에 적힌 것을 고친 뒤 다시 실행해 주세요.",
        "en": "Mend what is named and run the command again.",
    }


class NobodyMayEnter(SetupError):
    """Others can reach the server, and there is nobody who could sign in."""

    code = "nobody-may-enter"
    hints: ClassVar[dict[Language, str]] = {
        "ko": "panelens user add 이름 --role owner 로 사람을 등록한 뒤 다시 시작하세요.",
        "en": "Add somebody and start again; on 127.0.0.1 without PANELENS_SIGN_IN it is open.",
    }


class BrokenCatalogue(SetupError):
    """A catalogue that contradicts itself; `detail` names the field and the reason."""

    code = "broken-catalogue"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "카탈로그가 올바르지 않습니다.",
        "en": "The catalogue is wrong.",
    }


class BrokenGrammar(SetupError):
    """llama.cpp refuses the grammar."""

    code = "broken-grammar"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "문법을 사용할 수 없습니다.",
        "en": "The grammar cannot be used.",
    }


class BrokenDownload(SetupError):
    """A model file that could not be fetched or has the wrong checksum."""

    code = "broken-download"
    sentences: ClassVar[dict[Language, str]] = {
        "ko": "모델 파일을 준비하지 못했습니다.",
        "en": "The model file is not there or not the right one.",
    }
    hints: ClassVar[dict[Language, str]] = {
        "ko": "panelens download 를 다시 실행하세요. 받던 곳부터 이어집니다.",
        "en": "Run panelens download again: it goes on where it stopped.",
    }
