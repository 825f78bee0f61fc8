from patchstream.transport.patience import Patience


def test_silence_is_too_long_after_three_times_what_answers_took_and_never_before_a_quarter_second() -> None:
    patience = Patience()
    assert patience.hedge_s == 0.25
    patience.took(0.01)
    assert patience.hedge_s == 0.25
    patience.took(1.0)
    assert patience.hedge_s == 3.0
    patience.took(0.0)
    assert patience.hedge_s == 1.5
