package igauth

import (
	"slices"
	"time"
)

// LoginFacebook is Facebook Login for Business.
const LoginFacebook Login = "facebook"

// letter stands for the login in states and links.
func (l Login) letter() byte {
	if l == LoginFacebook {
		return 'f'
	}
	return 'i'
}

// loginOf returns the login of a letter.
func loginOf(letter byte) (login Login, ok bool) {
	switch letter {
	case LoginInstagram.letter():
		return LoginInstagram, true
	case LoginFacebook.letter():
		return LoginFacebook, true
	}
	return "", false
}

// A PersonID names who connected accounts, as Meta's callbacks name them: the
// login, and the app-scoped id by which the app of that login knows the person.
// Ids of different apps are never compared with each other.
type PersonID string

// NewPersonID returns the id of a person whom the app of a login knows by an
// app-scoped id.
func NewPersonID(login Login, appScopedID string) PersonID {
	return PersonID(string(login) + "/" + appScopedID)
}

// A Person is the record by which a callback of Meta finds the accounts that it
// is about. With Instagram Login that is one; a person of Facebook Login may have
// connected many.
type Person struct {
	ID PersonID `json:"id"`
	// Revision counts the saves. It is the ledger's to set.
	Revision int64 `json:"revision"`
	// Accounts were connected by the person, sorted.
	Accounts []AccountID `json:"accounts,omitempty"`
	// EndedAt is the watermark: when the person last took the app's access away,
	// as Meta says. A consent that is not younger connects nothing.
	EndedAt time.Time `json:"ended_at,omitempty,omitzero"`
	// ForgetAt is when the ledger may forget the record; zero means never.
	ForgetAt time.Time `json:"forget_at,omitempty,omitzero"`
}

// has reports whether the account is listed.
func (p Person) has(id AccountID) bool { return slices.Contains(p.Accounts, id) }

// with returns the person with an account listed.
func (p Person) with(id AccountID) Person {
	p.Accounts = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(p.Accounts), id))))
	p.ForgetAt = time.Time{}
	return p
}

// without returns the person without an account. Who has none left is forgotten
// after a time.
func (p Person) without(id AccountID, now time.Time) Person {
	p.Accounts = slices.DeleteFunc(slices.Clone(p.Accounts), func(a AccountID) bool { return a == id })
	if len(p.Accounts) == 0 {
		p.Accounts, p.ForgetAt = nil, now.Add(keepErased).UTC()
	}
	return p
}

// person returns by whom the account was connected; "" if Meta did not say.
func (a Account) person() PersonID {
	if a.AppScopedID == "" {
		return ""
	}
	return NewPersonID(a.Login, a.AppScopedID)
}
