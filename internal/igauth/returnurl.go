package igauth

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// ReturnURLs are the registered addresses to which a visitor may be sent back.
// A request names one of them byte for byte or is refused: no two parsers of
// URLs agree, and only equality leaves nothing to disagree about.
type ReturnURLs struct {
	list []string
}

// returnURLMark stands for a registered URL in the state.
type returnURLMark [8]byte

// noReturnURL is the mark of a flow that ends on our own page.
var noReturnURL returnURLMark

// ParseReturnURLs checks every entry and returns all problems at once. An entry
// must be an https URL in its plainest spelling, with a path and nothing after
// it, since the visitor's answer is appended as the query. With loopback, http
// to this machine is accepted too. An empty list is valid: visitors then see our
// own result page.
func ParseReturnURLs(entries []string, loopback bool) (ReturnURLs, error) {
	var urls ReturnURLs
	var problems []error
	seen := map[string]bool{}
	for _, entry := range entries {
		if err := checkReturnURL(entry, loopback); err != nil {
			problems = append(problems, fmt.Errorf("return URL %q: %w", entry, err))
		} else if seen[entry] {
			problems = append(problems, fmt.Errorf("return URL %q: stands twice", entry))
		}
		seen[entry] = true
		urls.list = append(urls.list, entry)
	}
	if err := errors.Join(problems...); err != nil {
		return ReturnURLs{}, err
	}
	return urls, nil
}

// Contains reports whether text is, byte for byte, a registered URL.
func (u ReturnURLs) Contains(text string) bool {
	for _, entry := range u.list {
		if entry == text {
			return true
		}
	}
	return false
}

// first returns the default URL, "" if none is registered.
func (u ReturnURLs) first() string {
	if len(u.list) == 0 {
		return ""
	}
	return u.list[0]
}

// mark returns what stands for a registered URL in the state.
func (u ReturnURLs) mark(text string) returnURLMark {
	if text == "" {
		return noReturnURL
	}
	sum := sha256.Sum256([]byte(text))
	return returnURLMark(sum[:len(returnURLMark{})])
}

// byMark returns the URL that a mark stands for, and "" when it is not, or no
// longer, registered.
func (u ReturnURLs) byMark(mark returnURLMark) string {
	for _, entry := range u.list {
		if u.mark(entry) == mark {
			return entry
		}
	}
	return ""
}

var (
	hostPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$`)
	portPattern = regexp.MustCompile(`^[1-9][0-9]{0,4}$`)
	// pathPattern leaves out the percent sign: an encoded character is a second
	// spelling.
	pathPattern = regexp.MustCompile(`^/[A-Za-z0-9/._~!$&'()*+,;=:@-]*$`)
)

// checkReturnURL says what is wrong with an entry of the configuration.
func checkReturnURL(entry string, loopback bool) error {
	if len(entry) > 2048 {
		return errors.New("is longer than 2,048 bytes")
	}
	u, err := url.Parse(entry)
	if err != nil {
		return errors.New("is not a URL")
	}
	local := loopback && IsLoopback(u.Hostname())
	port := u.Port()
	switch {
	case u.Scheme != "https" && !(local && u.Scheme == "http"):
		if loopback {
			return errors.New("must begin with https://, or with http:// and localhost")
		}
		return errors.New("must begin with https://")
	case u.User != nil:
		return errors.New("must not contain a user name")
	case !local && !hostPattern.MatchString(u.Hostname()):
		return errors.New("needs a host name in lower case, not an address or a pattern")
	case strings.HasSuffix(u.Host, ":"), port != "" && !portPattern.MatchString(port), u.Scheme == "https" && port == "443", u.Scheme == "http" && port == "80":
		return errors.New("must not spell out the default port or an empty one")
	case u.RawQuery != "" || u.ForceQuery:
		return errors.New("must not contain a query: the status is appended as one")
	case u.Fragment != "" || strings.Contains(entry, "#"):
		return errors.New("must not contain a fragment")
	case u.Path == "":
		return errors.New("needs a path, at least /")
	case !pathPattern.MatchString(u.Path) || strings.Contains(entry, "%"):
		return errors.New("must not contain encoded or special characters in its path")
	case path.Clean(u.Path) != u.Path && path.Clean(u.Path)+"/" != u.Path:
		return errors.New("must not contain . or .. or empty segments")
	case u.Scheme+"://"+u.Host+u.Path != entry:
		return errors.New("must be written in its plain form")
	}
	return nil
}

// IsLoopback reports whether a host name is this machine.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
