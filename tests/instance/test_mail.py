"""Where mail leaves, as EMAIL_URL says."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from rollback_portal.environment import mail


def test_without_an_address_mail_is_written_to_files() -> None:
    assert mail("").backend.endswith("filebased.EmailBackend")


def test_smtp_speaks_starttls_unless_told_otherwise() -> None:
    found = mail("smtp://portal%40example.com:p%2Fw@mail.example.com")
    assert (found.host, found.port, found.starttls, found.tls) == ("mail.example.com", 587, True, False)
    assert (found.user, found.password) == ("portal@example.com", "p/w")
    assert found.backend.endswith("smtp.EmailBackend")
    assert mail("smtp://localhost:25?starttls=no").starttls is False


def test_smtps_is_encrypted_from_the_beginning() -> None:
    found = mail("smtps://mail.example.com")
    assert (found.port, found.starttls, found.tls) == (465, False, True)


@pytest.mark.parametrize("address", ["mail.example.com:587", "smtp://", "imap://mail.example.com", "smtp://host:port"])
def test_an_address_that_is_none_is_said_plainly(address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL must look like"):
        mail(address)
