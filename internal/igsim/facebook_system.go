package igsim

import "time"

// systemUser is the token of the system user that stands for a person's
// portfolio.
// https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business
func (s *Simulator) systemUser(p *facebookPerson, expires bool, now time.Time) facebookToken {
	t := facebookToken{Kind: systemToken, Username: p.Username, Scopes: configScopes, Long: true, IssuedAt: now}
	if expires {
		t.ExpiresAt = now.Add(longLife)
	}
	return t
}

// systemUserID is the id of that system user.
func systemUserID(p *facebookPerson) string { return p.AppScopedID[:len(p.AppScopedID)-2] + "91" }

// SystemUserToken makes a token of the system user in the portfolio of a person,
// as Meta's business settings do: without an end, or for sixty days. A password
// does not kill it. It fails only for an unknown person.
// https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business
func (s *Simulator) SystemUserToken(username string, expires bool) (string, error) {
	if username == "" {
		return "", errNoPerson
	}
	var text string
	err := s.change(username, "", func(p *facebookPerson, _ *FacebookPage, now time.Time) error {
		text = s.keep(s.systemUser(p, expires, now))
		return nil
	})
	return text, err
}

// PopupCode makes a code as the popup of Meta's JavaScript SDK hands it to a
// page: a person consented to all of the default permissions, and the exchange
// must come without redirect_uri. It fails only for an unknown person.
func (s *Simulator) PopupCode(username string) (string, error) {
	if username == "" {
		return "", errNoPerson
	}
	var text string
	err := s.change(username, "", func(p *facebookPerson, _ *FacebookPage, now time.Time) error {
		text = s.consented(p, consent{asked: configScopes, granted: configScopes, shown: p.Pages}, facebookCode{}, now)
		return nil
	})
	return text, err
}
