package igauth

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// ReconnectLifetime is how long a reconnect link works: long enough for somebody
// who reads their mail after a holiday, and shorter than a token's life.
const ReconnectLifetime = 30 * 24 * time.Hour

const (
	// linkVersion 1 had no login: it is for Instagram Login. Links live for weeks.
	linkVersion = 2
	// maxAccountID is how many digits an [AccountID] has at most.
	maxAccountID = 20
	// errandHeadSize is an errand without its account.
	errandHeadSize = 8 + 1
	// maxLinkLength leaves room for what the state of a flow has besides all that
	// the link says.
	maxLinkLength = maxStateLength - 128
)

// An errand is to connect one account and no other, until a time. The zero one
// is none.
type errand struct {
	account AccountID
	until   time.Time
}

// append writes the errand.
func (e errand) append(to []byte) []byte {
	var seconds uint64
	if e.account != "" {
		seconds = uint64(e.until.Unix())
	}
	to = binary.BigEndian.AppendUint64(to, seconds)
	to = append(to, byte(len(e.account)))
	return append(to, e.account...)
}

// readErrand reads what append wrote, and returns what follows it.
func readErrand(data []byte) (e errand, rest []byte, ok bool) {
	if len(data) < errandHeadSize {
		return errand{}, nil, false
	}
	seconds, length := binary.BigEndian.Uint64(data), int(data[8])
	data = data[errandHeadSize:]
	if length == 0 {
		return errand{}, data, seconds == 0
	}
	if length > len(data) || !AccountID(data[:length]).Valid() {
		return errand{}, nil, false
	}
	return errand{AccountID(data[:length]), time.Unix(int64(seconds), 0).UTC()}, data[length:], true
}

// A wish is what a visitor comes to /authorize for, and what the parameter
// reconnect says.
type wish struct {
	login Login
	// errand names the account of a reconnect link.
	errand
	// scopes are to be asked for. In a link they are those of the last time, and
	// nil means those of the installation.
	scopes []string
}

// sign writes the link. Scopes that would make it too long are left out.
func (l wish) sign(key Secret, appID string) string {
	head := l.append([]byte{linkVersion, l.login.letter()})
	text := forReconnect.sign(key, appID, append(head, shortenScopes(l.scopes)...))
	if len(text) > maxLinkLength {
		text = forReconnect.sign(key, appID, head)
	}
	return text
}

// openLink reads a link that sign wrote with one of the keys. The errors are
// CodeLinkInvalid and CodeLinkExpired; with the latter the link is returned as
// well.
func openLink(text string, keys []Secret, appID string, now time.Time) (wish, error) {
	invalid := newError(CodeLinkInvalid, nil)
	payload, ok := forReconnect.open(text, keys, appID, maxLinkLength)
	if !ok || len(payload) < 2 {
		return wish{}, invalid
	}
	l, rest := wish{login: LoginInstagram}, payload[1:]
	switch payload[0] {
	case 1:
	case linkVersion:
		if l.login, ok = loginOf(rest[0]); !ok {
			return wish{}, invalid
		}
		rest = rest[1:]
	default:
		return wish{}, invalid
	}
	if l.errand, rest, ok = readErrand(rest); !ok || l.account == "" {
		return wish{}, invalid
	}
	l.scopes = lengthenScopes(string(rest))
	if !now.Before(l.until) {
		return l, newError(CodeLinkExpired, nil)
	}
	return l, nil
}

// LinksConfig is what Links are made of.
type LinksConfig struct {
	// Origin is where visitors reach /authorize, such as
	// https://connect.example.com.
	Origin string
	// AppID and StateKeys are those of the [AuthorizeHandler].
	AppID     string
	StateKeys KeySource
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Links makes reconnect links: addresses by which the owner of one account
// connects it again, with the permissions that were asked for the last time. It
// implements [Linker].
//
// A link is signed with the state key and not stored anywhere, so that it can be
// used more than once, until it expires. All that it can do is to start a flow.
// To end it one must sign in as that very account, or with Facebook Login as
// somebody who manages it, and consent there; whoever cannot is refused.
// So a stranger who finds a link can do less with it than with the address of
// /authorize, which is public. It tells the account's id to whoever decodes it,
// and its username to whoever tries it with another account.
type Links struct {
	cfg LinksConfig
}

// NewLinks returns Links, or what is wrong with their configuration.
func NewLinks(cfg LinksConfig) (*Links, error) {
	switch {
	case cfg.Origin == "":
		return nil, errors.New("reconnect links need the public URL")
	case cfg.AppID == "":
		return nil, errors.New("reconnect links need the Instagram app id")
	case cfg.StateKeys == nil:
		return nil, errors.New("reconnect links need the state keys")
	}
	cfg.Now = nowOr(cfg.Now)
	return &Links{cfg}, nil
}

var _ Linker = (*Links)(nil)

// ReconnectURL implements [Linker]. The link works for ReconnectLifetime.
func (l *Links) ReconnectURL(ctx context.Context, a Account) (address string, until time.Time, err error) {
	if !a.ID.Valid() {
		return "", time.Time{}, fmt.Errorf("there is no account %q to make a link for", a.ID)
	}
	keys, err := l.cfg.StateKeys(ctx)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("reading the state key: %w", err)
	}
	if len(keys) == 0 || keys[0].IsZero() {
		return "", time.Time{}, errors.New("there is no state key")
	}
	until = l.cfg.Now().Add(ReconnectLifetime).UTC().Truncate(time.Second)
	login := a.Login
	defaultTo(&login, LoginInstagram)
	link := wish{login, errand{a.ID, until}, a.RequestedScopes}
	return l.cfg.Origin + authorizePath + "?" + reconnectParameter + "=" + link.sign(keys[0], l.cfg.AppID), until, nil
}

// An otherAccount says that somebody signed in as an account that the flow is
// not for. Who has several accounts, of which none is the wanted one, has no found
// one.
type otherAccount struct {
	wanted, found Profile
}

// Error names both accounts by their ids.
func (e *otherAccount) Error() string {
	if e.found.ID == "" {
		return fmt.Sprintf("none of the person's accounts is %s, which the flow is for", e.wanted.ID)
	}
	return fmt.Sprintf("account %s signed in, but the flow is for %s", e.found.ID, e.wanted.ID)
}

// refuse returns the error of a flow for one account in which another signed in.
// Whether the name of the wanted one is known does not matter to the refusal.
func (c *Connector) refuse(ctx context.Context, wanted AccountID, found Profile) error {
	a, err := c.store.row(ctx, wanted)
	if err != nil && !errors.Is(err, ErrNotFound) {
		c.log.WarnContext(ctx, "the wanted account's name is not known", "accountId", wanted, "err", err)
	}
	a.ID = wanted
	return newError(CodeWrongAccount, &otherAccount{wanted: a.Profile, found: found})
}

// outcomeOf returns the outcome of a flow that failed.
func outcomeOf(err error) Outcome {
	outcome := Outcome{Code: CodeOf(err)}
	if other, ok := errors.AsType[*otherAccount](err); ok {
		outcome.WantedName, outcome.FoundName = other.wanted.Username, other.found.Username
	}
	return outcome
}
