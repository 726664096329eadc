"""What several test files share."""
from contextlib import contextmanager

import pytest

from ssgan_edu.data import SSGANError


@contextmanager
def refused(*words, kind=SSGANError):
    "The block raises exactly `kind`, in one line that has these words and ends as a sentence."
    with pytest.raises(SSGANError) as caught: yield
    message = str(caught.value)
    assert type(caught.value) is kind and "\n" not in message and message.rstrip("`)").endswith("."), message
    assert [word for word in words if word not in message] == [], message
