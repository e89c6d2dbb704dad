package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// CallTimeout bounds every question that goes over the network.
const CallTimeout = 5 * time.Second

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

// A Network asks hosts.
type Network struct {
	// Client sends the requests; nil means one of its own.
	Client *http.Client
	// Now is this machine's clock, which is examined.
	Now func() time.Time
	// Timeout bounds one request; 0 means CallTimeout.
	Timeout time.Duration
}

// An answer is what came back of a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request and reads its answer. Its error is in our own words: Go's
// has the address in it, and that may hold a secret.
func (n Network) do(ctx context.Context, r *http.Request) (answer, error) {
	timeout := n.Timeout
	if timeout == 0 {
		timeout = CallTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	client := n.Client
	if client == nil {
		client = http.DefaultClient
	}
	once := *client
	// Where a redirect leads is what is looked at.
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r = r.WithContext(ctx)
	r.Header.Set("User-Agent", "igauth-doctor")
	response, err := once.Do(r)
	if err != nil {
		return answer{}, unreachable(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, unreachable(err)
	}
	return answer{response.StatusCode, response.Header, body}, nil
}

// A networkError says why no answer came.
type networkError struct{ what, mend string }

func (e *networkError) Error() string { return e.what }

// unreachable returns why no answer came, without the address.
func unreachable(err error) *networkError {
	var lookup *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &lookup) && !lookup.IsTimeout:
		return &networkError{"its name is not known", "Look at the name, and at this machine's DNS."}
	case errors.As(err, &certificate):
		return &networkError{"its certificate is not valid for this machine", "Look whether a proxy opens the connection, whether this machine's clock is right, and whether its root certificates are up to date."}
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return &networkError{"it does not speak TLS", "Look whether a proxy answers in its place."}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &networkError{"it refuses connections", "Look whether it runs, and whether a firewall stands between."}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &networkError{"it did not answer in time", "Look whether a firewall or a proxy stands between, and try again."}
	case errors.Is(err, context.Canceled):
		return &networkError{"the question was interrupted", "Try again."}
	}
	return &networkError{"the connection failed", "Look at this machine's network, and try again."}
}

// reason returns the words of an error of do.
func reason(err error) *networkError {
	if e, ok := errors.AsType[*networkError](err); ok {
		return e
	}
	return &networkError{"it could not be asked", "Try again."}
}

// Hosts asks whether hosts can be reached, all at a time, and what time it is
// there. Any answer is good: what matters is name, connection and certificate.
func (n Network) Hosts(ctx context.Context, origins ...string) ([]Finding, []Skew) {
	found := make([]Finding, len(origins))
	skews := make([]Skew, len(origins))
	var group sync.WaitGroup
	for i, origin := range origins {
		group.Go(func() { found[i], skews[i] = n.host(ctx, origin) })
	}
	group.Wait()
	if down := slices.DeleteFunc(slices.Clone(found), func(f Finding) bool { return f.Severity != Error }); len(down) > 1 && len(down) == len(found) {
		// It is hardly the hosts.
		f := found[0]
		f.Subject = ""
		f.What = "None of Instagram's hosts is reached. Of the first it is said: " + f.What
		f.Mend = "Look at this machine's network. " + f.Mend
		return []Finding{f}, nil
	}
	var known []Skew
	for _, skew := range skews {
		if skew.Host != "" {
			known = append(known, skew)
		}
	}
	return found, known
}

func (n Network) host(ctx context.Context, origin string) (Finding, Skew) {
	name := hostOf(origin)
	r, err := http.NewRequest(http.MethodHead, origin+"/", nil)
	if err != nil {
		return fault("host-unreachable", name, name+" is not reached: its address cannot be used.", "", "Correct the variable of the host."), Skew{}
	}
	begun := n.Now()
	a, err := n.do(ctx, r)
	if err != nil {
		why := reason(err)
		return fault("host-unreachable", name, name+" is not reached: "+why.what+".",
			"Without Meta no account is connected and no token is refreshed.", why.mend), Skew{}
	}
	return good("host", name, name+" answers."), skewOf(name, a.header, begun, n.Now())
}

// A Skew is how far this machine's clock is ahead of a host's.
type Skew struct {
	Host  string
	Ahead time.Duration
}

// skewOf compares the Date of an answer with when it came. A cached answer tells
// the time of somebody else's question.
func skewOf(host string, header http.Header, begun, ended time.Time) Skew {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || header.Get("Age") != "" {
		return Skew{}
	}
	middle := begun.Add(ended.Sub(begun) / 2)
	// The header has whole seconds, cut off.
	return Skew{host, middle.Sub(date.Add(500 * time.Millisecond))}
}

// From when on a clock that is wrong is warned of, and from when on it breaks
// things: AWS refuses a signature that is five minutes off
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html),
// and states that come back seem to be from the future.
const (
	skewWarned = 30 * time.Second
	skewBroken = 5 * time.Minute
)

// Clock looks at how far this machine's clock is from others. What the nearest of
// them says counts: if our clock is wrong, it is wrong for all.
func Clock(skews []Skew) []Finding {
	if len(skews) == 0 {
		return nil
	}
	nearest := skews[0]
	for _, skew := range skews[1:] {
		if skew.Ahead.Abs() < nearest.Ahead.Abs() {
			nearest = skew
		}
	}
	off := nearest.Ahead.Abs().Round(time.Second)
	direction := "ahead of"
	if nearest.Ahead < 0 {
		direction = "behind"
	}
	what := fmt.Sprintf("This machine's clock is %s %s that of %s.", off, direction, nearest.Host)
	const why = "AWS refuses requests whose signature is five minutes off, states that come back from Instagram are refused, and tokens seem to live longer or shorter than they do."
	const mend = "Let the machine set its clock by itself (NTP)."
	switch {
	case off > skewBroken:
		return []Finding{fault("clock", nearest.Host, what, why, mend)}
	case off > skewWarned:
		return []Finding{warn("clock", nearest.Host, what, why, mend)}
	}
	return []Finding{good("clock", nearest.Host, "This machine's clock agrees with that of "+nearest.Host+".")}
}

// hostOf returns the host of an origin, for a sentence.
func hostOf(origin string) string {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return "the host"
	}
	return u.Host
}

// days returns a duration in whole days, for a sentence.
func days(d time.Duration) string {
	n := int(d.Hours() / 24)
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// hours returns a duration for a sentence: in hours, in days if it is long, or in
// minutes if it is short.
func hours(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return days(d)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d.Round(time.Minute) == 0:
		return "less than a minute"
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}
