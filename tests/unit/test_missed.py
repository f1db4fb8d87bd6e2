"""Which stretches of a question a reading passed over."""

from server.interpret.missed import STRETCHES_MAX, passed_over


def test_a_stretch_lies_between_words_that_led_to_something() -> None:
    question = "서울 사는 여행 계획 짜는 30대 여성"
    assert passed_over(question, ["서울", "30대", "여성"], ["계획"]) == ("사는 여행 계획 짜는",)


def test_words_that_led_to_something_with_a_particle_count_as_used() -> None:
    assert passed_over("여성이고 운동을 하는", ["여성"], ["운동을"]) == ("운동을 하는",)


def test_a_stretch_of_plain_words_alone_is_not_read_again() -> None:
    assert passed_over("서울 사는 사람 명단 여성", ["서울", "여성"], []) == ()


def test_a_question_that_led_to_nothing_is_one_stretch() -> None:
    assert passed_over("minimalists who plan", [], ["minimalists", "plan"]) == (
        "minimalists who plan",
    )


def test_a_stretch_that_a_number_was_cut_off_from_is_no_question() -> None:
    question, used = "women earning under 2 million won", ["women", "earning", "million", "won"]
    assert passed_over(question, used, ["under", "2"]) == ()


def test_only_a_few_stretches_are_read_again() -> None:
    words = [f"w{n}x" for n in range(10)]
    question = " a ".join(words)
    assert len(passed_over(question, ["a"], words)) == STRETCHES_MAX
