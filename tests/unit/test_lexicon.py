"""The lexicon reads what is said word for word, and says when that is not all."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.catalogue import Catalogue, find_catalogue
from server.filter import canonical, equal, load_catalogue, parse_filter
from server.interpret.lexicon import Lexicon, LexiconReading, words_of
from server.interpret.phrase import Meaning
from server.interpret.prompt import tidy
from server.phrases import Phrases, read_phrases
from server.spelling import spell
from server.training.questions import generate

DOMESTIC = "기아|르노삼성|쌍용|쉐보레|현대|제네시스"
DECADES = ["/age=20..29", "/age=30..39", "/age=40..49"]


@pytest.fixture(scope="module")
def panel() -> Catalogue:
    return load_catalogue("welcome")


@pytest.fixture(scope="module")
def phrases(panel: Catalogue) -> Phrases:
    return read_phrases(find_catalogue("welcome").parent, panel)


@pytest.fixture(scope="module")
def lexicon(panel: Catalogue, phrases: Phrases) -> Lexicon:
    return Lexicon(panel, phrases)


@pytest.fixture(scope="module")
def fragments(panel: Catalogue, phrases: Phrases) -> list[str]:
    """The ends of words of generated questions, one to four signs long."""
    words = {w for e in islice(generate(panel, phrases, seed=7), 600) for w in e.question.split()}
    return sorted({word[-length:] for word in words for length in range(1, 5)})


def assert_whole(said: LexiconReading, lines: list[str]) -> None:
    """Read whole, and as these lines."""
    assert said.complete
    assert set(spell(said.reading).splitlines()) == set(lines)


def assert_spelled(said: LexiconReading, lines: list[str]) -> None:
    """Read whole, and as these lines in this order, on which groups depend."""
    assert said.complete
    assert spell(said.reading).splitlines() == lines


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("서울 20대 남자 100명", ["gender=남성", "age=20..29", "region=서울", "#100"]),
        ("서울, 부산 여성", ["gender=여성", "region=서울|부산"]),
        ("서울이나 부산에 사는 사람", ["region=서울|부산"]),
        ("월급 3백만원 이상인 사무직", ["personal_income=300..", "job=사무직"]),
        ("스무 명", ["#20"]),
        ("열 다섯 명", ["#15"]),
        ("갤럭시 쓰고 차 있는 사람", ["phone_brand=삼성전자", "car_owned=있다"]),
        ("OTT를 이용하는 분", ["-ott_count=이용하지 않는다"]),
        ("women in Busan, 50 people", ["gender=여성", "region=부산", "#50"]),
        ("women in their late thirties", ["gender=여성", "age=37..39"]),
        ("자녀 딱 하나 둔 여성", ["gender=여성", "children=1..1"]),
        ("자영업자분들", ["job=자영업"]),
        ("기혼이고20대인 남성10명", ["gender=남성", "age=20..29", "marital_status=기혼", "#10"]),
        (
            "30대 남성과 40대 여성 비교해줘",
            ["/gender=남성", "&age=30..39", "/gender=여성", "&age=40..49"],
        ),
        (
            "서울 사는 사람 중 아이폰 쓰는 사람 vs 갤럭시 쓰는 사람 비교",
            ["region=서울", "/phone_brand=애플", "/phone_brand=삼성전자"],
        ),
        (
            "compare men in their 20s with women in their 50s",
            ["/gender=남성", "&age=20..29", "/gender=여성", "&age=50..59"],
        ),
        (
            "차 있는 기혼자와 차 없는 미혼자, 월급 차이",
            [
                "/marital_status=기혼",
                "&car_owned=있다",
                "/marital_status=미혼",
                "&car_owned=없다",
                ">personal_income",
            ],
        ),
        ("가구 소득 8백만원 이상인 집", ["household_income=800.."]),
        ("르노삼성 SM6 타는 사람", ["car_model=SM6"]),
        ("인천 연수구 주민", ["region=인천", "district=연수구"]),
        ("OTT 세 개씩 보는 사람", ["ott_count=3개"]),
        ("던힐이나 메비우스 피우는 남자", ["gender=남성", "cigarette_brand=메비우스|던힐"]),
        ("가구 월소득 400만원대", ["household_income=400..499"]),
        ("가구 연소득 1억 이상", ["household_income=834.."]),
        ("집 연소득 6000 이상인 30대", ["age=30..39", "household_income=500.."]),
        ("가구 전체 소득이 500만원 이상인 사람", ["household_income=500.."]),
        ("가구 총소득 500 이상", ["household_income=500.."]),
        ("가구 총 소득 500만원 미만", ["household_income=..499"]),
        ("부부 합산 소득 500만원 이상", ["marital_status=기혼", "household_income=500.."]),
        ("정수기랑 비데는 둘 다 없는 집", ["-appliances=정수기|비데"]),
        ("30대 직업 분포", ["age=30..39", ">job"]),
        ("부산 사람들 폰 브랜드 순위", ["region=부산", ">phone_brand"]),
        ("people who drink both wine and makgeolli", ["drinking*=막걸리/탁주|와인"]),
        ("인천 사는 사람 만 명", ["region=인천", "#10000"]),
        ("인천 사는 사람 3천 명", ["region=인천", "#3000"]),
        ("who drink soju and drive a BMW X5", ["car_model=X5", "drinking=소주"]),
        (
            "anybody who was born in 1988 and drives a Kia",
            ["birth_year=1988..1988", "car_maker=기아"],
        ),
        ("imported car drivers in Gangnam", ["district=강남구", "-car_maker=" + DOMESTIC]),
        ("Men who are 50s", ["gender=남성", "age=50..59"]),
        ("Samsung TV owners in Seoul", ["region=서울", "appliances=TV", "?Samsung"]),
        ("한라산 소주 마시는 제주 사람", ["region=제주", "drinking=소주", "?한라산"]),
        ("women who don't play golf", ["gender=여성", "?don't play golf"]),
    ],
)
def test_a_question_in_the_panels_own_words_is_read_whole(
    lexicon: Lexicon, panel: Catalogue, question: str, lines: list[str]
) -> None:
    said = lexicon.read(question)
    assert_whole(said, lines)
    words = words_of(question, said)
    assert all(each and all(word in question for word in each) for each in words)


@pytest.mark.parametrize(
    "question",
    [
        "수도권은 빼놓고 여성",
        "서울 살든지 30대이거나 인천 사는 40대",
        "아이폰 쓰거나 테슬라 타거나 서울 사는 30대와 인천 사는 40대",
        "서울 30대 아이폰 쓰거나 테슬라 타는 사람",
        "서울이나 여성",
        "서울 전업주부 빼고",
        "서울 30대보다 나이 많은 사람",
        "서울 사는 유명한 사람",
        "not married women in Seoul",
        "서울 20대 30대 여성 100명 50명",
        "흡연자와 비흡연자 술 종류 비교",
        "전북에 살거나, 아니면 전남에 살면서 농사짓는 사람",
        "월급 1000만 원 이상인 사람 또는 제네시스 타는 50대",
        "S23 owners in Ulsan, S22 owners in Changwon",
        "서울 여성, 부산 미혼",
        "여자 100명, 남자 100명",
        "삼성전자 다니는 사람",
        "차 있는 사람이 보는 것",
        "who drinks makgeolli, men or women?",
        "home workout folks by household size",
        "부모 소득 500만원 이상",
        "주식 하는 미니멀리스트랑 주식 하는 맥시멀리스트 소득 비교",
        "상당구·서원구 vs 흥덕구·청원구, 차량 제조사 비교",
        "ㅁㄴㅇㄹ",
        "",
    ],
)
def test_what_turns_or_joins_or_is_not_known_is_left_to_the_model(
    lexicon: Lexicon, question: str
) -> None:
    assert not lexicon.read(question).complete


def test_a_word_that_means_two_things_is_not_decided(lexicon: Lexicon) -> None:
    ambiguous = next(key for key, found in lexicon._index.items() if len(found) > 1)
    assert not lexicon.read(ambiguous).complete


def test_an_unknown_phrase_stands_without_what_joins_it(lexicon: Lexicon) -> None:
    said = lexicon.read("무교이며 시력 1.0인 남성")
    assert said.complete
    assert said.reading.unsupported == ("무교", "시력 1.0")
    said = lexicon.read("women in Seoul who go to church")
    assert said.complete
    assert said.reading.unsupported == ("go to church",)


@pytest.mark.parametrize(
    "question",
    [
        "소주/맥주/와인, 여자 회원을 비교",
        "삼성/LG 폰과 기혼자 비교해줘",
        "상당구·서원구 vs 흥덕구·청원구, 차량 제조사 비교",
    ],
)
def test_a_pair_cut_out_of_a_longer_list_is_not_compared(lexicon: Lexicon, question: str) -> None:
    assert not lexicon.read(question).groups


def test_generated_questions_that_are_read_whole_are_read_right(
    lexicon: Lexicon, panel: Catalogue, phrases: Phrases
) -> None:
    """A few words mean two things in the phrases themselves; more than that is a mistake here."""
    whole = right = 0
    wrong = []
    for example in islice(generate(panel, phrases, seed=99), 1500):
        said = lexicon.read(example.question)
        if said.complete:
            whole += 1
            good = equal(said.reading.filter, example.reading.filter, panel)
            right += good
            if not good:
                wrong.append((example.question, spell(said.reading), spell(example.reading)))
    assert whole > 250
    assert right / whole > 0.98, wrong[:5]


@given(question=st.text(max_size=80))
def test_any_text_is_read_without_a_mistake_of_ours(
    lexicon: Lexicon, panel: Catalogue, question: str
) -> None:
    reading = lexicon.read(tidy(question)).reading
    canonical(reading.filter, panel)


@given(data=st.data())
def test_the_ends_of_words_alone_are_read_without_a_mistake_of_ours(
    lexicon: Lexicon, panel: Catalogue, fragments: list[str], data: st.DataObject
) -> None:
    """ "지 않는 사람", "이 아닌 거나": what is left of a sentence that was cut."""
    cut = data.draw(st.lists(st.sampled_from(fragments), min_size=1, max_size=4))
    reading = lexicon.read(tidy(data.draw(st.sampled_from((" ", ", ", ""))).join(cut))).reading
    canonical(reading.filter, panel)


@pytest.mark.parametrize(
    "question",
    [
        "초콜릿을 기분 좋을 때 찾는 사람, 피부 만족도는?",  # a field's name, not the content
        "자녀 셋까지, 여성",  # a bound, not a number
        "TV가 2대 이상 있는 5인 이상 가구",  # two sets, not an age
        "iPhone 16 users in Mapo",  # a model, not a count
        "가족과 함께 사는 3인 가구",  # both, not any of both
        "강남에서 일하는 경기도민",  # works there, lives elsewhere
        "women in their 30s who want a robot vacuum",  # has none
        "아이폰 쓰고 싶어 하는 사람",
        "women who also want to drive a Tesla",
        "people interested in wine",
        "people looking for a Tesla",
        "직장인 자녀 있는 여성",  # the child works
        "people with elderly parents",
        "parents of smokers",
        "친구들이 술 마시는 사람",  # the friends drink
        "포커스 그룹 인터뷰할 30대 여성 8명",  # no Ford Focus
        "시즌 프로모션 대상 여성 50명",  # no cigarettes
        "전주 사는 교수님 30명",  # an occupation
        "women driving in Busan",
        "give me 1 person households in Busan",  # a household's size, no count
    ],
)
def test_what_only_looks_like_a_phrase_is_left_to_the_model(
    lexicon: Lexicon, question: str
) -> None:
    assert not lexicon.read(question).complete


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("만 49세까지", "age=..49"),
        ("최소 45세인 사람", "age=45.."),
        ("최대 45살", "age=..45"),
        ("people aged at most 45", "age=..45"),
        ("at least 45 years old", "age=45.."),
    ],
)
def test_a_number_that_is_said_as_a_bound_is_one(
    lexicon: Lexicon, question: str, line: str
) -> None:
    assert_whole(lexicon.read(question), [line])


@pytest.mark.parametrize("question", ["최소 45세 여성이", "at most 30s", "자녀가 적어도 2명인"])
def test_a_number_behind_a_bound_is_never_read_as_it_is(lexicon: Lexicon, question: str) -> None:
    assert not any(
        line.endswith(("45..45", "30..39", "2..2"))
        for match in lexicon.read(question).matches
        for line in match.meanings[0].lines
    )


def test_nobody_has_fewer_than_none(lexicon: Lexicon) -> None:
    lines = ["gender=남성", "marital_status=기혼", "children=..0"]
    assert_whole(lexicon.read("자녀가 0명인 기혼 남성"), lines)


def test_an_article_before_a_vowel_is_an(lexicon: Lexicon) -> None:
    lines = ["gender=남성", "marital_status=미혼", "car_model=아반떼"]
    assert_whole(lexicon.read("unmarried men who drive an Avante"), lines)


@pytest.mark.parametrize(
    "question", ["지 않는 사람", "않는", "없는 사람", "이 아닌", "도", "하고 않는데"]
)
def test_an_ending_without_its_word_says_nothing(lexicon: Lexicon, question: str) -> None:
    assert not lexicon.read(question).reading.filter.where


def test_more_words_never_make_a_reading_whole_that_drops_them(lexicon: Lexicon) -> None:
    for extra in ("종교", "반짝이는", "purple", "쿨한"):
        said = lexicon.read(f"{extra} 서울 20대 남자 100명")
        assert not said.complete or extra in " ".join(said.reading.unsupported)


def test_everyone_is_never_read_from_silence(lexicon: Lexicon, panel: Catalogue) -> None:
    for question in ("사람", "보여줘", "people please"):
        said = lexicon.read(question)
        assert not said.complete
        assert said.reading.filter == parse_filter({}, panel)


@pytest.mark.parametrize(
    "question",
    ["전체", "패널에 있는 사람 싹 다 꺼내줘", "show me all respondents", "남녀 무관 모두"],
)
def test_a_word_for_everyone_said_alone_asks_for_everyone(lexicon: Lexicon, question: str) -> None:
    assert_whole(lexicon.read(question), [])


@pytest.mark.parametrize("question", ["남녀 무관", "good morning", "전체 비율", "모두 비교해줘"])
def test_what_asks_for_nothing_or_for_more_is_not_everyone(lexicon: Lexicon, question: str) -> None:
    assert not lexicon.read(question).complete


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("M 30-49, Seoul", ["gender=남성", "age=30..49", "region=서울"]),
        ("서울 F 20대", ["gender=여성", "age=20..29", "region=서울"]),
        ("M/F 19-29 Seoul", ["age=19..29", "region=서울"]),
        ("M or F, Seoul", ["region=서울"]),
    ],
)
def test_a_letter_for_an_answer_is_read_and_all_of_them_ask_for_nothing(
    lexicon: Lexicon, question: str, lines: list[str]
) -> None:
    assert_whole(lexicon.read(question), lines)


@pytest.mark.parametrize("amount", ["500000", "15억", "99999억원"])
def test_an_amount_beyond_what_a_filter_holds_loses_nothing_else(
    lexicon: Lexicon, amount: str
) -> None:
    said = lexicon.read(f"서울 월급 {amount} 이상")
    assert "region=서울" in spell(said.reading).splitlines()


def test_a_name_that_begins_like_a_comparison_compares_nothing(lexicon: Lexicon) -> None:
    said = lexicon.read("LG 옵티머스, 아이폰 11 차이코스")
    assert not said.groups


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("아이폰 쓰거나 테슬라 타는 사람", ["/phone_brand=애플", "/car_maker=테슬라"]),
        ("쏘나타 몰든가 아이폰 쓰는", ["/car_model=쏘나타", "/phone_brand=애플"]),
        ("월 300만원 이상 벌든가 서울 사는", ["/personal_income=300..", "/region=서울"]),
        ("수영하는 사람이나 서울", ["/physical_activity=수영", "/region=서울"]),
        ("미혼이거나, 자녀가 없는 여자", ["gender=여성", "/marital_status=미혼", "/children=..0"]),
        (
            "30대 여성 중 울산에 살거나 세탁기가 있든지 아이폰 쓰는 사람",
            [
                "gender=여성",
                "age=30..39",
                "/region=울산",
                "/appliances=세탁기",
                "/phone_brand=애플",
            ],
        ),
        (
            "딩크족이거나 반려동물 키우는 사람",
            [
                *("/marital_status=기혼", "&children=..0"),
                "/pet_experience=반려동물을 키우는 중이다",
            ],
        ),
        ("those who both swim and hike", ["physical_activity*=수영|등산"]),
        ("로봇청소기와 비데를 둘 다 가진 60대", ["age=60..69", "appliances*=로봇청소기|비데"]),
        ("안마의자 or 비데 있는 60대", ["age=60..69", "appliances=안마의자|비데"]),
        (
            "미혼인데 부산 사는 30대거나 대구 사는 40대인 사람",
            [
                *("marital_status=미혼", "/age=30..39", "&region=부산"),
                *("/age=40..49", "&region=대구"),
            ],
        ),
        (
            "대졸 중에 소주 마시는 30대거나 맥주 마시는 40대거나 와인 마시는 50대",
            [
                *("education=대학교 졸업", "/age=30..39", "&drinking=소주"),
                *("/age=40..49", "&drinking=맥주", "/age=50..59", "&drinking=와인"),
            ],
        ),
        (
            "홈트 하는 전업주부, 자전거 타는 은퇴자, 헬스 하는 대학생 12명",
            [
                *("/job=전업주부", "&physical_activity=홈트레이닝"),
                *("/job=퇴직/연금생활자", "&physical_activity=자전거 타기"),
                *("/job=대학생/대학원생", "&physical_activity=헬스", "#12"),
            ],
        ),
        (
            "people in Daejeon who either own a bidet or do yoga",
            ["region=대전", "/appliances=비데", "/physical_activity=요가/필라테스"],
        ),
    ],
)
def test_alternatives_are_groups_and_of_one_field_values(
    lexicon: Lexicon, question: str, lines: list[str]
) -> None:
    assert_whole(lexicon.read(question), lines)


def test_a_short_name_in_latin_letters_counts_only_where_it_is_carried(lexicon: Lexicon) -> None:
    assert_whole(lexicon.read("렉서스 ES 타는 50대"), ["age=50..59", "car_model=ES"])
    said = lexicon.read("the ex-smokers who is exactly 35")
    assert not said.complete
    assert not any("car_model" in line for m in said.matches for line in m.meanings[0].lines)


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("is it possible to find women in Seoul", ["gender=여성", "region=서울"]),
        ("women available in the morning", ["gender=여성"]),
        ("single person households", ["family_size=1명"]),
        ("women with a man", ["gender=여성", "?with a man"]),
    ],
)
def test_a_word_of_every_day_is_no_name(lexicon: Lexicon, question: str, lines: list[str]) -> None:
    assert_whole(lexicon.read(question), lines)
    assert_whole(lexicon.read("women in IT"), ["gender=여성", "job_role=IT"])


@pytest.mark.parametrize(
    "question",
    ["female boxers", "women who are models", "women in parliament", "한라산 등산하는 사람"],
)
def test_a_name_that_is_also_a_noun_names_nothing_alone(lexicon: Lexicon, question: str) -> None:
    said = lexicon.read(question)
    assert not said.complete
    assert not any(
        line.startswith(("car_", "cigarette_")) for m in said.matches for line in m.lines
    )


def test_a_name_that_is_a_word_of_the_trade_counts_where_it_is_carried(lexicon: Lexicon) -> None:
    assert_whole(lexicon.read("포커스 타는 남성"), ["gender=남성", "car_model=Focus"])
    assert_whole(lexicon.read("한라산 피우는 남성"), ["gender=남성", "cigarette_brand=한라산"])


@pytest.mark.parametrize(
    "question",
    [
        "맥주와 와인을 안 마시는 여성",
        "소주, 맥주 안 마시는 남성",
        "헬스나 수영 안 하는 여성",
        "TV와 냉장고가 없는 여성",
        "노트북도 태블릿도 데스크탑도 없는 대학생",
        "women who don't drink beer and wine",
        "people without a TV and a refrigerator",
    ],
)
def test_what_is_denied_of_one_may_be_denied_of_the_whole_list(
    lexicon: Lexicon, question: str
) -> None:
    assert not lexicon.read(question).complete
    assert_whole(
        lexicon.read("소주 마시고 맥주 안 마시는 여성"),
        ["gender=여성", "drinking=소주", "-drinking=맥주"],
    )
    assert_whole(lexicon.read("TV는 있어도 냉장고는 없는"), ["appliances=TV", "-appliances=냉장고"])


@pytest.mark.parametrize(
    "question",
    [
        "homes with 4 people in Busan",
        "4명이 사는 집 여성",
        "2명 사는 가구, 부산",
        "3명이 거주하는 가구",
        "4인 거주하는 집",
    ],
)
def test_how_many_live_together_is_no_count_of_respondents(lexicon: Lexicon, question: str) -> None:
    assert lexicon.read(question).reading.filter.limit is None
    assert_whole(lexicon.read("부산 사는 여성 20명"), ["gender=여성", "region=부산", "#20"])


@pytest.mark.parametrize(
    "question",
    [
        "엄마가 아이폰 쓰는 여성",
        "아빠가 테슬라 타는 남성",
        "women married to office workers",
        "mothers with teenagers",
        "엄마는 서울 사는 20대",
        "아버지가 자영업자인 사람",
        "부모가 서울에 사는 30대",
        "대학에 다니는 자녀를 둔 50대",
        "담배 피우는 남편 있는 여자",
        "혼자 사는 자녀가 있는 사람",
        "담배 피우는 남자친구 있는 여성",
        "남자 형제 있는 사람",
        "대학생 엄마",
        "smokers' wives",
        "students' mothers",
    ],
)
def test_what_parents_children_and_spouses_have_is_left_to_the_model(
    lexicon: Lexicon, question: str
) -> None:
    assert not lexicon.read(question).complete


@pytest.mark.parametrize(
    "question",
    [
        "제주 찾는 30대 여성",
        "서울에 집 구하는 30대",
        "students looking for a laptop",
        "people in need of a dishwasher",
    ],
)
def test_who_looks_for_a_thing_does_not_have_it(lexicon: Lexicon, question: str) -> None:
    assert not lexicon.read(question).complete


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("looking for 30 women in Seoul", ["gender=여성", "region=서울", "#30"]),
        ("we are looking for women", ["gender=여성"]),
        ("서울 여성 찾는 중", ["gender=여성", "region=서울"]),
    ],
)
def test_who_is_looked_for_is_what_is_asked(
    lexicon: Lexicon, question: str, lines: list[str]
) -> None:
    assert_whole(lexicon.read(question), lines)


@pytest.mark.parametrize(
    "question",
    [
        "축구 보는 사람",
        "대학생 키우는 사람",
        "월 300만원 이상 쓰는 사람",
        "서울 재직하는 30대",
        "강남 일하는 사람",
        "아이폰 사는 사람",
        "TV 받는 사람",
        "여성 모델 20명",
        "여성 오너",
    ],
)
def test_a_verb_that_is_not_said_of_a_field_says_something(lexicon: Lexicon, question: str) -> None:
    assert not lexicon.read(question).complete


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("OTT 세 개 보는 사람", "ott_count=3개"),
        ("월 300만원 이상 받으시는 분", "personal_income=300.."),
        ("TV 있으신 분", "appliances=TV"),
        ("쏘나타 굴리는 사람", "car_model=쏘나타"),
        ("IT 종사하는 사람", "job_role=IT"),
        ("게임 앱 유저", "most_used_app=게임 앱"),
    ],
)
def test_a_verb_that_is_said_of_a_field_says_no_more_than_its_answer(
    lexicon: Lexicon, question: str, line: str
) -> None:
    assert_whole(lexicon.read(question), [line])


@pytest.mark.parametrize(
    "question",
    ["TV 2개 있는 집", "담배 10개 피우는 사람", "30분 걷기 하는 사람", "서울 사는 여성 10,20명"],
)
def test_things_minutes_and_two_numbers_are_no_count_of_respondents(
    lexicon: Lexicon, question: str
) -> None:
    said = lexicon.read(question)
    assert not said.complete
    assert said.reading.filter.limit is None
    assert_whole(lexicon.read("서울 여성 1,000명"), ["gender=여성", "region=서울", "#1000"])
    assert_whole(lexicon.read("여성 30분 뽑아줘"), ["gender=여성", "#30"])


def test_a_count_of_respondents_has_no_children(lexicon: Lexicon) -> None:
    lines = ["gender=여성", "region=서울", "children=1..", "#50", "?딸"]
    assert_whole(lexicon.read("서울 여성 50명 딸 있는"), lines)


def test_a_phrase_speaks_of_the_fields_of_its_conditions_and_breakdowns() -> None:
    said = Meaning(("age=20..39", "-gender=남성", "/region=서울", ">job", "#100", "?우울한"))
    assert said.names == {"age", "gender", "region", "job"}


def test_what_has_not_been_bought_is_no_city(lexicon: Lexicon) -> None:
    said = lexicon.read("건조기 아직 안 산 3인 가구")
    assert not any(line.startswith("district") for line in spell(said.reading).splitlines())
    assert_whole(lexicon.read("안산 사는 3인 가구"), ["district=안산시", "family_size=3명"])


def test_one_who_lives_alone_is_no_count(lexicon: Lexicon) -> None:
    assert lexicon.read("나홀로 가구(1인) 50대").reading.filter.limit is None
    assert_whole(lexicon.read("50대 12인"), ["age=50..59", "#12"])


def test_a_maker_of_what_the_panel_holds_without_makers_is_reported(lexicon: Lexicon) -> None:
    assert_whole(lexicon.read("Samsung TV, Busan"), ["region=부산", "appliances=TV", "?Samsung"])


def test_whoever_has_children_and_lives_somewhere_is_one_person(lexicon: Lexicon) -> None:
    lines = ["gender=여성", "region=서울", "children=1.."]
    assert_whole(lexicon.read("서울 사는 자녀 있는 여성"), lines)


def test_the_age_of_children_is_not_that_of_their_parents(lexicon: Lexicon) -> None:
    for question, unknown in (("10대 자녀를 둔 여성", "10대"), ("성인 자녀가 있는 여성", "성인")):
        assert_whole(lexicon.read(question), ["gender=여성", "children=1..", f"?{unknown}"])


def test_a_name_of_plain_words_counts_only_where_it_is_carried(lexicon: Lexicon) -> None:
    assert_whole(lexicon.read("men who smoke The One"), ["gender=남성", "cigarette_brand=더원"])
    lines = ["region=서울", "-smoking=담배를 피워본 적이 없다"]
    assert_whole(lexicon.read("the ones in Seoul who smoke"), lines)


def test_what_is_said_of_all_groups_stands_behind_a_new_beginning(lexicon: Lexicon) -> None:
    said = lexicon.read("맥주 마시는 인천 사람이거나 소주 마시는 충남 사람 중 여자만")
    groups = ["/region=인천", "&drinking=맥주", "/region=충남", "&drinking=소주"]
    assert_whole(said, ["gender=여성", *groups])


def test_the_lower_of_two_amounts_has_the_unit_of_the_higher(lexicon: Lexicon) -> None:
    said = lexicon.read("People earning between 3 and 5 million won a month")
    assert_whole(said, ["personal_income=300..500"])


def test_groups_cut_out_of_more_groups_are_left_to_the_model(lexicon: Lexicon) -> None:
    said = lexicon.read(
        "대졸자로 한정해서, 소주 마시는 30대거나 맥주 마시는 40대거나 와인 마시는 50대"
    )
    assert not said.groups
    assert not said.complete


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        (
            "women in Jeju: who drives a Porsche?",
            ["gender=여성", "region=제주", "car_maker=포르쉐"],
        ),
        ("Is there anyone in Jeju who drives a Carnival?", ["region=제주", "car_model=카니발"]),
        ("drivers of a Kia car in Busan", ["region=부산", "car_maker=기아"]),
        ("Hyundai or Kia drivers", ["car_maker=기아|현대"]),
    ],
)
def test_a_verb_before_a_name_says_no_more_than_the_name(
    lexicon: Lexicon, question: str, lines: list[str]
) -> None:
    assert_whole(lexicon.read(question), lines)


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("서울 제외 30대 여성", ["gender=여성", "age=30..39", "-region=서울"]),
        ("서울이나 부산 빼고 기혼자", ["marital_status=기혼", "-region=서울|부산"]),
        (
            "여성 중에 걷기 말고 수영하는 사람",
            ["gender=여성", "physical_activity=수영", "-physical_activity=달리기/걷기"],
        ),
        ("남성, 흡연자는 빼고", ["gender=남성", "smoking=담배를 피워본 적이 없다"]),
        ("women in their 30s except Seoul", ["gender=여성", "age=30..39", "-region=서울"]),
        ("people from Daejeon, no smokers", ["region=대전", "smoking=담배를 피워본 적이 없다"]),
        ("헬스도 수영도 안 하는 사람", ["-physical_activity=헬스|수영"]),
        (
            "맥주 안 마시고 등산하지 않는 여성",
            ["gender=여성", "-drinking=맥주", "-physical_activity=등산"],
        ),
        ("강남구엔 안 사는 서울 사람", ["region=서울", "-district=강남구"]),
        ("men who don't swim", ["gender=남성", "-physical_activity=수영"]),
        ("women not in Seoul", ["gender=여성", "-region=서울"]),
        (
            "neither smokes nor drinks, in Daegu",
            [
                "region=대구",
                "smoking=담배를 피워본 적이 없다",
                "drinking=최근 1년 이내 술을 마시지 않음",
            ],
        ),
        ("people who drink neither soju nor beer", ["-drinking=소주|맥주"]),
        (
            "women who drink wine and neither soju nor beer",
            ["gender=여성", "drinking=와인", "-drinking=소주|맥주"],
        ),
        (
            "people who drink wine, neither soju nor beer",
            ["drinking=와인", "-drinking=소주|맥주"],
        ),
        ("경기도 광주시 사는 30대 여성", ["gender=여성", "age=30..39", "district=광주시"]),
        ("광주시 사는 30대 여성", ["gender=여성", "age=30..39", "region=광주"]),
        ("술 안 마시는 사람은 빼줘", ["-drinking=최근 1년 이내 술을 마시지 않음"]),
        ("drinks soju but not beer", ["drinking=소주", "-drinking=맥주"]),
        ("high earners not using OTT", ["personal_income=500..", "ott_count=이용하지 않는다"]),
        ("women, not smokers", ["gender=여성", "smoking=담배를 피워본 적이 없다"]),
        (
            "운동 아예 안 하는 사무직",
            ["job=사무직", "physical_activity=체력관리를 위해 하고 있는 활동이 없다"],
        ),
        (
            "챗지피티는 써봤는데 딥시크는 안 써본 사람",
            ["ai_chatbot_used=ChatGPT", "-ai_chatbot_used=딥시크"],
        ),
    ],
)
def test_what_is_said_to_be_left_out_is_turned(
    lexicon: Lexicon, question: str, lines: list[str]
) -> None:
    assert_whole(lexicon.read(question), lines)


@pytest.mark.parametrize(
    "question",
    [
        "서울 사는 여성 빼고",
        "부산 사는 학생 제외",
        "everyone except women in Seoul",
        "everyone except women and students",
    ],
)
def test_what_is_left_out_only_in_part_is_left_to_the_model(
    lexicon: Lexicon, question: str
) -> None:
    assert not lexicon.read(question).complete
    lines = ["region=서울", "-gender=여성"]
    assert_whole(lexicon.read("서울 사는 사람 중 여성 빼고"), lines)
    assert_whole(lexicon.read("everyone in Seoul except women"), lines)


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("수도권인데 서울은 빼고", ["region=서울|경기|인천", "-region=서울"]),
        (
            "국산차 타는데 현대는 아닌 사람",
            ["car_maker=기아|르노삼성|쌍용|쉐보레|현대|제네시스", "-car_maker=현대"],
        ),
        ("MZ세대에서 20대는 빼고", ["age=20..39", "-age=20..29"]),
        ("70년대생인데 75년생은 빼고", ["birth_year=1970..1979", "-birth_year=1975..1975"]),
    ],
)
def test_a_part_of_what_may_be_can_be_left_out(
    lexicon: Lexicon, question: str, lines: list[str]
) -> None:
    assert_spelled(lexicon.read(question), lines)


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("20대, 30대 여성", ["gender=여성", "age=20..39"]),
        ("20대와 50대 여성", ["gender=여성", "/age=20..29", "/age=50..59"]),
        ("10대 또는 60대", ["/age=10..19", "/age=60..69"]),
        ("서울 20대 30대 50대", ["region=서울", "/age=20..39", "/age=50..59"]),
        ("people in their 20s or 50s", ["/age=20..29", "/age=50..59"]),
        ("20대와 30대 비교", ["/age=20..29", "/age=30..39"]),
        ("20대와 30대 여성", ["gender=여성", "age=20..39"]),
    ],
)
def test_listed_ranges_are_one_where_they_touch_and_groups_where_they_do_not(
    lexicon: Lexicon, question: str, lines: list[str]
) -> None:
    assert_spelled(lexicon.read(question), lines)


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("월급 300 이상 500 미만", "personal_income=300..500"),
        ("월급 300만원 이상 500만원 미만", "personal_income=300..500"),
        ("연봉 5000 이상", "personal_income=417.."),
        ("연봉 4800 미만", "personal_income=..399"),
        ("earning under 2 million won a month", "personal_income=..199"),
    ],
)
def test_amounts_of_money_need_no_unit(lexicon: Lexicon, question: str, line: str) -> None:
    assert_whole(lexicon.read(question), [line])


@pytest.mark.parametrize(
    "question", ["가구 월 500만원 이상", "가구의 연봉 1억 이상", "부부 소득 500만원 이상"]
)
def test_what_a_household_earns_is_not_what_one_earns(lexicon: Lexicon, question: str) -> None:
    assert not lexicon.read(question).complete
    assert lexicon.read("월 500만원 이상 가구").complete


@pytest.mark.parametrize("question", ["40대 초과", "60대 초과 남성"])
def test_beyond_a_decade_is_not_early_in_it(lexicon: Lexicon, question: str) -> None:
    said = lexicon.read(question)
    assert not said.complete
    assert not any(match.line in ("age=40..43", "age=60..63") for match in said.matches)
    assert_spelled(lexicon.read("20대 초와 30대 말"), ["/age=20..23", "/age=37..39"])


@pytest.mark.parametrize("question", ["30대 이상 50대 이하", "20세 이상, 29세 이하"])
def test_bounds_that_meet_are_not_alternatives(lexicon: Lexicon, question: str) -> None:
    assert not lexicon.read(question).groups


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        (
            "서울 여성, 부산 남성",
            ["/gender=여성", "&region=서울", "/gender=남성", "&region=부산"],
        ),
        (
            "아이폰 쓰는 남자와 갤럭시 쓰는 여자",
            ["/gender=남성", "&phone_brand=애플", "/gender=여성", "&phone_brand=삼성전자"],
        ),
    ],
)
def test_two_that_are_described_alike_are_groups(
    lexicon: Lexicon, question: str, lines: list[str]
) -> None:
    assert_spelled(lexicon.read(question), lines)


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("수원 영통 사는 사람", "district=영통구"),
        ("분당 사는 성남 사람", "district=분당구"),
        ("people in Bundang, Seongnam", "district=분당구"),
        ("수원과 영통 사는 사람", "district=수원시|영통구"),
        ("강남구 서초구 사람", "district=서초구|강남구"),
    ],
)
def test_a_city_beside_its_part_only_says_where_the_part_is(
    lexicon: Lexicon, question: str, line: str
) -> None:
    assert_whole(lexicon.read(question), [line])


@pytest.mark.parametrize(
    "question",
    [
        "은퇴한 전문직",
        "회사 다니는 주부",
        "학생인 직장인",
        "이혼한 부부",
        "부산 사람인데, 서울 사는",
        "retired teachers",
    ],
)
def test_an_answer_that_another_one_describes_is_left_to_the_model(
    lexicon: Lexicon, question: str
) -> None:
    assert not lexicon.read(question).complete


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("용인 수원 사는 사람", "district=수원시|용인시"),
        ("호남하고 충청권", "region=대전|광주|세종|충북|충남|전북|전남"),
        ("teachers, students", "job=교직|중/고등학생|대학생/대학원생"),
    ],
)
def test_a_name_or_a_particle_that_ends_like_a_modifier_describes_nothing(
    lexicon: Lexicon, question: str, line: str
) -> None:
    assert_whole(lexicon.read(question), [line])


@pytest.mark.parametrize(
    "question",
    ["TV 없거나 냉장고 없는 집", "서울에 안 살거나 부산에 안 사는", "헬스 하거나 수영 안 하는"],
)
def test_what_may_be_lacking_or_something_else_is_left_to_the_model(
    lexicon: Lexicon, question: str
) -> None:
    assert not lexicon.read(question).complete


@pytest.mark.parametrize(
    "question", ["people who drink soju, beer and wine", "people who swim, hike and cycle"]
)
def test_a_list_that_ends_in_and_is_not_any_of_it(lexicon: Lexicon, question: str) -> None:
    assert not lexicon.read(question).complete
    assert_whole(lexicon.read("soju, beer or wine drinkers"), ["drinking=소주|맥주|와인"])
    assert_whole(lexicon.read("맥주, 소주, 와인 마시는"), ["drinking=소주|맥주|와인"])


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("20대 30대 비교", ["/age=20..29", "/age=30..39"]),
        ("compare people in their 20s, 30s and 40s", DECADES),
        ("20대와 30대와 40대 비교", DECADES),
        ("20대와 30대, 40대 비교", DECADES),
        ("20대 30대 40대 비교", DECADES),
        ("20s vs 30s vs 40s", DECADES),
        ("20대 30대와 40대 50대 비교", ["/age=20..39", "/age=40..59"]),
        ("20대와 30대, 40대와 50대 비교", ["/age=20..39", "/age=40..59"]),
    ],
)
def test_decades_are_compared_one_by_one_unless_some_stand_closer(
    lexicon: Lexicon, question: str, lines: list[str]
) -> None:
    assert_spelled(lexicon.read(question), lines)


def test_what_one_has_and_also_has_is_not_any_of_both(lexicon: Lexicon) -> None:
    assert not lexicon.read("TV 있고, 정수기 있고, 안마의자까지 있는 여성").complete
    assert_whole(
        lexicon.read("TV, 정수기, 안마의자까지 있는 여성"),
        ["gender=여성", "appliances=TV|정수기|안마의자"],
    )


def test_a_parasol_is_no_city(lexicon: Lexicon) -> None:
    assert_whole(lexicon.read("양산 쓰는 남자"), ["gender=남성", "?양산 쓰는"])
    assert_whole(lexicon.read("경남 양산 남자"), ["gender=남성", "region=경남", "district=양산시"])


@pytest.mark.parametrize("question", ["서울 30대 제외", "excluding Seoul residents in their 30s"])
def test_how_much_is_left_out_is_not_guessed(lexicon: Lexicon, question: str) -> None:
    assert not lexicon.read(question).complete


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("스트레스를 잠으로 풀면서 서울 살고", ["region=서울", "stress_relief_method=수면"]),
        ("등산하는 육십대 이상", ["age=60..", "physical_activity=등산"]),
        ("이혼했거나 사별한 사십대", ["age=40..49", "marital_status=기타"]),
        ("give me any 35 respondents, whoever they are", ["#35"]),
        (
            "술은 마셔도 담배는 안 피우는 여성",
            [
                "gender=여성",
                "smoking=담배를 피워본 적이 없다",
                "-drinking=최근 1년 이내 술을 마시지 않음",
            ],
        ),
        ("get me a dozen people who swim", ["physical_activity=수영", "#12"]),
        ("쏘렌토 몰고 기혼이신 분", ["marital_status=기혼", "car_model=쏘렌토"]),
        ("쏘렌토 모는데 서울 사는 사람", ["region=서울", "car_model=쏘렌토"]),
        (
            "차 있으면서 맥주 마시는데 미혼",
            ["marital_status=미혼", "car_owned=있다", "drinking=맥주"],
        ),
    ],
)
def test_a_verb_may_go_on_to_something_else(
    lexicon: Lexicon, question: str, lines: list[str]
) -> None:
    assert_whole(lexicon.read(question), lines)


def test_what_asks_for_nothing_is_read_as_nothing(lexicon: Lexicon) -> None:
    said = lexicon.read("서울 사는 남녀, 직업 상관없이")
    assert said.complete
    assert spell(said.reading) == "region=서울\n"
