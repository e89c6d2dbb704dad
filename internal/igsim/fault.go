package igsim

import (
	"fmt"
	"slices"
	"strings"
)

// A Fault makes requests fail. Set it with [Simulator.SetFault].
//
// Where a connection closes without an answer, mind the client: Go's
// [net/http.Transport] by itself repeats a GET whose kept-alive connection broke,
// so that the caller never sees a fault with a Count of 1, and the simulator gets
// two requests.
type Fault struct {
	// Endpoint is one of those that Calls counts, or all; empty means all.
	Endpoint string `json:"endpoint"`
	// Kind is one of FaultKinds, the name of one of Errors, or "none" to clear.
	Kind string `json:"kind"`
	// Count is how many requests it hits before it is gone; 0: until cleared.
	Count int `json:"count"`
	// Account limits it to requests whose token, code or consent is that
	// person's; empty: every request.
	Account string `json:"account"`
}

// A FaultKind is a way to fail and one line about it.
type FaultKind struct{ Name, Does string }

// faultTable lists the kinds. All but three fail before anything has happened.
var faultTable = []FaultKind{
	{"outage", "503 with the HTML page of a proxy"},
	{"http500", "500 with Graph code 2, is_transient true"},
	{"html", "200 with an HTML page instead of JSON"},
	{"empty", "200 with the empty object {}"},
	{"hang", "no answer until the client gives up, five minutes at most"},
	{"rate_limit", "400 with Graph code 4, the app's limit, X-App-Usage at 100"},
	{"rate_limit_business", "400 with code 80002, the account's limit, and the minutes to wait in X-Business-Use-Case-Usage"},
	{"http429", "429 with plain text"},
	{"used_up", "everything happens, and X-App-Usage says 100: the next call may be refused"},
	{"broken", "the connection closes before anything has happened"},
	{"applied", "everything happens, then the connection closes without an answer"},
	{"truncated", "everything happens, and half of the answer arrives"},
	{"huge", "200 with 5 MiB of JSON"},
	{"redirect", "302 to another host"},
	{"checkpoint", "400 with code 190, subcode 459: the person must log in at Instagram first"},
	{"code_text", "400 with code \"190\" as text and no subcode"},
	{"app_disabled", "400 with Graph code 101: the app itself is refused, for every account"},
	{"garbage", "200 with random bytes that claim to be JSON"},
}

// happensAfter reports whether the endpoint does its work before the fault.
func happensAfter(kind string) bool {
	return kind == "applied" || kind == "truncated" || kind == "used_up"
}

// faultEndpoints are the words for Fault.Endpoint.
var faultEndpoints = []string{
	endpointCode, endpointExchange, endpointRefresh, endpointMe, endpointPermissions, endpointAuthorize,
	endpointDialog, endpointFacebookCode, endpointFacebookExchange, endpointFacebookAppToken, endpointDebugToken,
	endpointFacebookMe, endpointAccounts, endpointObject, endpointFacebookPermissions, "all",
}

// FaultKinds returns the names of all kinds of fault. [FaultTable] explains them.
func FaultKinds() []string {
	names := make([]string, len(faultTable))
	for i, k := range faultTable {
		names[i] = k.Name
	}
	return names
}

// FaultTable returns all kinds of fault with one line about each, for a help
// text.
func FaultTable() []FaultKind { return slices.Clone(faultTable) }

// SetFault adds a fault, in the place of an earlier one for the same endpoint
// and account. Of several that fit a request, the one set first hits it. The
// kind "none" removes the faults of that endpoint and account, an empty endpoint
// or account meaning any. It fails, and changes nothing, for an unknown kind,
// endpoint or account, or a negative count.
func (s *Simulator) SetFault(f Fault) error {
	_, named := metaError(f.Kind)
	if f.Kind != "none" && !named && !slices.Contains(FaultKinds(), f.Kind) {
		return fmt.Errorf("unknown fault %q: use none, %s, or one of the errors of Meta, such as graph_190_460", f.Kind, strings.Join(FaultKinds(), ", "))
	}
	if f.Endpoint != "" && !slices.Contains(faultEndpoints, f.Endpoint) {
		return fmt.Errorf("unknown endpoint %q: use %s", f.Endpoint, strings.Join(faultEndpoints, ", "))
	}
	if f.Count < 0 {
		return fmt.Errorf("the count %d is negative: use 0 for a fault that stays until cleared", f.Count)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Account != "" && s.person(f.Account) == nil && s.facebookPerson(f.Account) == nil {
		return unknownAccount(f.Account)
	}
	if f.Kind == "none" {
		s.faults = slices.DeleteFunc(s.faults, func(g Fault) bool {
			return (f.Endpoint == "" || f.Endpoint == "all" || f.Endpoint == g.Endpoint) &&
				(f.Account == "" || f.Account == g.Account)
		})
		return nil
	}
	if f.Endpoint == "" {
		f.Endpoint = "all"
	}
	i := slices.IndexFunc(s.faults, func(g Fault) bool { return f.Endpoint == g.Endpoint && f.Account == g.Account })
	if i >= 0 {
		s.faults[i] = f
		return nil
	}
	s.faults = append(s.faults, f)
	return nil
}

// ClearFaults removes every fault. A request that already hangs goes on hanging.
func (s *Simulator) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Faults returns the faults that are set, each with what is left of its Count.
func (s *Simulator) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Fault{}, s.faults...)
}

// takeFault returns the kind of fault that hits the request, or "", and counts
// it off.
func (s *Simulator) takeFault(c *call) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if (f.Endpoint != "all" && f.Endpoint != c.endpoint) || (f.Account != "" && f.Account != c.account) {
			continue
		}
		switch f.Count {
		case 0: // stays
		case 1:
			s.faults = slices.Delete(s.faults, i, i+1)
		default:
			s.faults[i].Count--
		}
		return f.Kind
	}
	return ""
}
