package igauth

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AccountsConfig is what an AccountsHandler is made of.
type AccountsConfig struct {
	Store *Store
	// Links makes the links by which owners connect their accounts again; nil
	// leaves that out of the API.
	Links Linker
	// Meta takes the app's access away when an account is disconnected; nil means
	// that it is not asked.
	Meta Revoker
	// Caller names who sends a request, for the audit; nil means that nobody
	// knows.
	Caller func(*http.Request) string
	// Audit receives a line for every attempt to read a token; nil means the log.
	Audit Auditor
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// PlainHTTP leaves out the header that only makes sense with TLS.
	PlainHTTP bool
	// Log receives what happens; nil discards it.
	Log *slog.Logger
}

// AccountsHandler is the API of the site's backend: it lists accounts, hands out
// tokens and reconnect links, redeems claims and disconnects. It does not ask who is calling: that
// is for what stands before it, IAM in the cloud.
type AccountsHandler struct {
	store  *Store
	links  Linker
	meta   Revoker
	caller func(*http.Request) string
	audit  Auditor
	now    func() time.Time
	log    *slog.Logger
}

// NewAccountsHandler returns the handler.
func NewAccountsHandler(cfg AccountsConfig) (http.Handler, error) {
	if cfg.Store == nil {
		return nil, errors.New("the store is missing")
	}
	h := &AccountsHandler{store: cfg.Store, links: cfg.Links, meta: cfg.Meta, caller: cfg.Caller, audit: cfg.Audit, now: nowOr(cfg.Now), log: logOr(cfg.Log)}
	if h.caller == nil {
		h.caller = func(*http.Request) string { return "" }
	}
	if h.meta == nil {
		h.meta = nobody{}
	}
	if h.audit == nil {
		h.audit = LogAuditor(h.log)
	}
	mux := http.NewServeMux()
	routes := map[string]func(*http.Request) (any, error){
		"GET /accounts":         h.list,
		"GET /accounts/{id}":    h.show,
		"DELETE /accounts/{id}": h.disconnect,
		"GET " + tokenPath:      h.token,
		"GET /claims/{claim}":   h.redeem,
	}
	if h.links != nil {
		routes["GET /accounts/{id}/reconnect"] = h.reconnect
	}
	methods := map[string][]string{}
	for pattern, serve := range routes {
		mux.Handle(pattern, h.answer(serve))
		method, path, _ := strings.Cut(pattern, " ")
		methods[path] = append(methods[path], method)
	}
	for path, allowed := range methods {
		slices.Sort(allowed)
		refused := h.otherMethod(strings.Join(allowed, ", "), path == tokenPath)
		mux.Handle(path, refused)
		// GET would take it, too: it would redeem a claim and show nothing.
		mux.Handle(http.MethodHead+" "+path, refused)
	}
	mux.Handle("/", h.answer(refuse(CodeRouteNotFound)))
	return secured(cfg.PlainHTTP, mux), nil
}

// tokenPath is where tokens are read.
const tokenPath = "/accounts/{id}/token"

// otherMethod answers a request by a method that a path does not have. Who wanted a
// token stands in the audit.
func (h *AccountsHandler) otherMethod(allowed string, audited bool) http.Handler {
	refused := refuse(CodeMethod)
	if audited {
		refused = func(r *http.Request) (any, error) { return nil, h.refused(r, newError(CodeMethod, nil)) }
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allowed)
		h.answer(refused).ServeHTTP(w, r)
	})
}

func refuse(code Code) func(*http.Request) (any, error) {
	return func(*http.Request) (any, error) { return nil, newError(code, nil) }
}

// answer turns the result of a request into JSON.
func (h *AccountsHandler) answer(serve func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		result, err := serve(r)
		if err != nil {
			code := CodeOf(err)
			if code.HTTPStatus() >= http.StatusInternalServerError {
				h.log.ErrorContext(r.Context(), "request failed", "code", code, "err", err, "hint", code.Hint())
			}
			WriteError(w, code)
			return
		}
		writeJSON(w, http.StatusOK, result)
	})
}

// WriteError answers with a code and what the dictionary says of it, as JSON:
// {"error":{"code","class","message","cause","hint","checks","docs"}}.
func WriteError(w http.ResponseWriter, code Code) {
	writeJSON(w, code.HTTPStatus(), map[string]Explanation{"error": code.Explain()})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		http.Error(w, `{"error":{"code":"unavailable"}}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// An AccountView is an account as the API and the command show it. It holds no
// token and no reference to one.
type AccountView struct {
	ID          AccountID `json:"id"`
	AppScopedID string    `json:"app_scoped_id"`
	Username    string    `json:"username"`
	Name        string    `json:"name,omitempty"`
	AccountType string    `json:"account_type,omitempty"`
	Login       Login     `json:"login"`
	Status      Status    `json:"status"`
	// DaysLeft counts whole days until the token ends, 0 if it is dead, and 36500
	// if it never does.
	DaysLeft int `json:"days_left"`
	// ExpiresAt is missing if the token never expires. DataAccessUntil is when Meta
	// stops to show the account's data unless its owner comes back.
	ExpiresAt       time.Time `json:"expires_at,omitzero"`
	DataAccessUntil time.Time `json:"data_access_until,omitzero"`
	// DataAccessWarned says that Token Expiring was told of that end.
	DataAccessWarned bool `json:"data_access_warned,omitempty"`
	// ExpiryAssumed says that ExpiresAt is the earliest possible end of an
	// imported token, until a refresh confirms it.
	ExpiryAssumed bool      `json:"expiry_assumed,omitempty"`
	IssuedAt      time.Time `json:"issued_at,omitzero"`
	ConnectedAt   time.Time `json:"connected_at,omitzero"`
	CheckedAt     time.Time `json:"checked_at,omitzero"`
	Scopes        []string  `json:"scopes"`
	MissingScopes []string  `json:"missing_scopes,omitempty"`
	Generation    int64     `json:"generation"`
	// Failures counts the failed refreshes since the last good one.
	Failures    int          `json:"failures"`
	LastFailure *FailureView `json:"last_failure,omitempty"`
	// Doubt is there while Meta has said once that the token is dead. It is asked
	// again at NextAt, before anybody is told.
	Doubt *FailureView `json:"doubt,omitempty"`
	// WaitUntil is till when Meta wants not to be asked about the account.
	WaitUntil time.Time `json:"wait_until,omitzero"`
	// WarnedAt is when Token Expiring was told of the present token.
	WarnedAt time.Time `json:"warned_at,omitzero"`
	// RefreshAt is when the token is going to be refreshed.
	RefreshAt time.Time `json:"refresh_at,omitzero"`
	// NextAction, NextAt and NextReason are what happens next by itself.
	NextAction Action    `json:"next_action"`
	NextAt     time.Time `json:"next_at,omitzero"`
	NextReason string    `json:"next_reason"`
	History    []Entry   `json:"history"`
}

// A FailureView is a failure with what it means and what can be done about it.
type FailureView struct {
	Failure
	Message string   `json:"message,omitempty"`
	Hint    string   `json:"hint,omitempty"`
	Checks  []string `json:"checks,omitempty"`
}

// View returns what may be shown of an account.
func (s *Store) View(a Account) AccountView {
	plan := s.Plan(a)
	view := AccountView{
		ID: a.ID, AppScopedID: a.AppScopedID, Username: a.Username, Name: a.Name,
		AccountType: a.AccountType, Login: a.Login, Status: a.Status,
		ExpiresAt: a.ExpiresAt, DataAccessUntil: a.DataAccessUntil, DataAccessWarned: a.warnedOfData(), ExpiryAssumed: a.Status.Live() && !a.ConfirmAt.IsZero(), IssuedAt: a.IssuedAt, ConnectedAt: a.ConnectedAt, CheckedAt: a.CheckedAt,
		Scopes: orEmpty(a.Scopes), MissingScopes: a.MissingScopes(), Generation: a.Generation,
		Failures: a.Failures, NextAction: plan.Action, NextAt: latest(plan.At, a.DueAt), NextReason: plan.Reason,
		History:     orEmpty(a.History),
		LastFailure: viewFailure(a.LastFailure), Doubt: viewFailure(a.Doubt), WarnedAt: a.WarnedAt,
	}
	if a.WaitUntil.After(s.now()) {
		view.WaitUntil = a.WaitUntil
	}
	if plan.Action == ActionNone {
		view.NextAt = time.Time{}
	}
	if a.Status.Live() {
		view.RefreshAt = s.policy.planRefresh(a).At
		view.DaysLeft = manyDays
		if end := a.EndsAt(); !end.IsZero() {
			view.DaysLeft = max(0, int(math.Floor(end.Sub(s.now()).Hours()/24)))
		}
	}
	return view
}

// manyDays stands for never: a hundred years.
const manyDays = 36500

// viewFailure returns what may be shown of a failure, nil if there was none.
func viewFailure(f Failure) *FailureView {
	if f.Code == "" {
		return nil
	}
	return &FailureView{Failure: f, Message: f.Code.Message(), Hint: f.Code.Hint(), Checks: f.Code.Checks()}
}

// orEmpty makes JSON show [] and not null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// A TokenView is a token as the API and the command hand it out. It is the one
// place where a token is shown on purpose.
type TokenView struct {
	AccountID   AccountID `json:"account_id"`
	Username    string    `json:"username"`
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	// ExpiresAt is when the token ends, ExpiresIn in how many seconds. Both are
	// missing if it never does.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	ExpiresIn int64     `json:"expires_in,omitzero"`
	Scopes    []string  `json:"scopes"`
}

// TokenView returns what a reader of a token gets.
func (s *Store) TokenView(a Account, token Token) TokenView {
	view := TokenView{
		AccountID: a.ID, Username: a.Username,
		AccessToken: token.Value.Reveal(), TokenType: "bearer",
		ExpiresAt: a.EndsAt(),
		Scopes:    orEmpty(a.Scopes),
	}
	if !view.ExpiresAt.IsZero() {
		view.ExpiresIn = int64(view.ExpiresAt.Sub(s.now()) / time.Second)
	}
	return view
}

// defaultPage and maxPage bound how many accounts one answer lists.
const (
	defaultPage = 100
	maxPage     = 1000
)

func (h *AccountsHandler) list(r *http.Request) (any, error) {
	query, err := single(r, "after", "limit")
	if err != nil {
		return nil, err
	}
	limit, err := parseCount(query["limit"], defaultPage, maxPage)
	if err != nil || limit == 0 {
		return nil, newError(CodeParameterInvalid, nil)
	}
	after := AccountID(query["after"])
	if after != "" && !after.Valid() {
		return nil, newError(CodeParameterInvalid, nil)
	}
	accounts, next, err := h.store.Accounts(r.Context(), after, limit)
	if err != nil {
		return nil, err
	}
	views := make([]AccountView, len(accounts))
	for i, a := range accounts {
		views[i] = h.store.View(a)
	}
	return struct {
		Accounts []AccountView `json:"accounts"`
		// Next is the value of after for the next page.
		Next AccountID `json:"next,omitempty"`
	}{views, next}, nil
}

func (h *AccountsHandler) show(r *http.Request) (any, error) {
	a, err := h.store.Account(r.Context(), AccountID(r.PathValue("id")))
	if err != nil {
		return nil, err
	}
	return h.store.View(a), nil
}

func (h *AccountsHandler) disconnect(r *http.Request) (any, error) {
	a, revocation, err := h.store.DisconnectAt(r.Context(), h.meta, AccountID(r.PathValue("id")))
	if err != nil {
		return nil, err
	}
	return h.store.DisconnectView(a, revocation), nil
}

// A DisconnectView is an account that was disconnected, and what its owner may
// still do.
type DisconnectView struct {
	AccountView
	// Revocation is one of the constants: what became of the app's access at Meta.
	Revocation Revocation `json:"revocation"`
	// Hint tells how the owner takes the access away, unless that is done.
	Hint string `json:"hint,omitempty"`
}

// DisconnectView returns what may be shown of an account that was disconnected.
func (s *Store) DisconnectView(a Account, revocation Revocation) DisconnectView {
	view := DisconnectView{AccountView: s.View(a), Revocation: revocation}
	switch revocation {
	case Revoked:
	case RevocationRepeated:
		view.Hint = "The account was disconnected before, and the answer then said what became of the app's access. " + RemoveAppHint(a.Login)
	default:
		view.Hint = RemoveAppHint(a.Login)
	}
	return view
}

// maxValidity bounds min_valid_seconds: no token lives longer.
const maxValidity = 60 * 24 * 60 * 60

func (h *AccountsHandler) token(r *http.Request) (any, error) {
	id := AccountID(r.PathValue("id"))
	query, err := single(r, "min_valid_seconds")
	seconds := 0
	if err == nil {
		seconds, err = parseCount(query["min_valid_seconds"], 0, maxValidity)
	}
	if err != nil {
		return nil, h.refused(r, err)
	}
	a, token, err := h.store.TokenFor(r.Context(), h.audit, h.caller(r), id, time.Duration(seconds)*time.Second)
	if err != nil {
		return nil, err
	}
	return h.store.TokenView(a, token), nil
}

// refused writes down that a token was wanted and why it is not even looked for.
func (h *AccountsHandler) refused(r *http.Request, err error) error {
	reading := Reading{At: h.now(), Who: h.caller(r), Account: AccountID(r.PathValue("id")), Code: CodeOf(err)}
	return errors.Join(err, h.audit.Audit(r.Context(), reading))
}

// A LinkView is a reconnect link as the API and the command hand it out.
type LinkView struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (h *AccountsHandler) reconnect(r *http.Request) (any, error) {
	a, err := h.store.Account(r.Context(), AccountID(r.PathValue("id")))
	if err != nil {
		return nil, err
	}
	address, until, err := h.links.ReconnectURL(r.Context(), a)
	if err != nil {
		return nil, err
	}
	h.log.InfoContext(r.Context(), "reconnect link made", "accountId", a.ID, "expiresAt", until)
	return LinkView{address, until}, nil
}

func (h *AccountsHandler) redeem(r *http.Request) (any, error) {
	a, err := h.store.Redeem(r.Context(), NewSecret(r.PathValue("claim")))
	if err != nil {
		return nil, err
	}
	h.log.InfoContext(r.Context(), "claim redeemed", "accountId", a.ID)
	return h.store.View(a), nil
}

// parseCount reads a number between 0 and most; an absent one is byDefault.
func parseCount(text string, byDefault, most int) (int, error) {
	if text == "" {
		return byDefault, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, newError(CodeParameterInvalid, nil)
	}
	return n, nil
}
