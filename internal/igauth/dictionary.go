package igauth

import (
	"net/http"
	"slices"
)

// A Code names an outcome or a failure. Codes are stable: pages, JSON errors,
// log lines and the history of an account use the same ones.
type Code string

// The codes. What each means, for whom, and what helps stands in the dictionary:
// the sections in the files dictionary_*.go.
const (
	CodeConnected Code = "connected"
	CodeDenied    Code = "denied"

	// The visitor's request.
	CodeReturnURLUnknown Code = "return_url_unknown"
	CodeScopeUnknown     Code = "scope_unknown"
	CodeRequestInvalid   Code = "request_invalid"
	CodeStateInvalid     Code = "state_invalid"
	CodeStateExpired     Code = "state_expired"
	CodeCookieMissing    Code = "cookie_missing"
	CodeInProgress       Code = "in_progress"
	CodeOutcomeUnknown   Code = "outcome_unknown"
	CodeLinkInvalid      Code = "reconnect_link_invalid"
	CodeLinkExpired      Code = "reconnect_link_expired"
	CodeWrongAccount     Code = "wrong_account"
	CodeLoginUnknown     Code = "login_unknown"
	CodeLoginOff         Code = "login_not_configured"
	CodeChoiceInvalid    Code = "choice_invalid"
	CodeOtherSite        Code = "sent_by_other_site"

	// Facebook Login, between the consent and the account.
	CodeNoPage               Code = "no_facebook_page"
	CodePagesHidden          Code = "facebook_pages_hidden"
	CodePageWithoutInstagram Code = "page_without_instagram"
	CodePageRoleLost         Code = "page_role_lost"
	CodeDataAccessEnding     Code = "data_access_ending"
	CodeDataAccessExpired    Code = "data_access_expired"

	// The callbacks of Meta, and the page of an erasure.
	CodeSignedRequest  Code = "signed_request_invalid"
	CodeBodyTooLarge   Code = "request_too_large"
	CodeReceiptUnknown Code = "receipt_unknown"

	// What Meta says when an account is connected.
	CodeCodeInvalid     Code = "code_invalid"
	CodeCodeUsed        Code = "code_used"
	CodeRedirectURI     Code = "redirect_uri_mismatch"
	CodeAppID           Code = "app_id_wrong"
	CodeAppSecret       Code = "app_secret_wrong"
	CodeNotEligible     Code = "account_not_eligible"
	CodeDeveloperRole   Code = "developer_role_missing"
	CodePersonalAccount Code = "personal_account"
	CodeScopeMissing    Code = "scope_missing"
	CodeScopeRefused    Code = "scope_refused"
	CodeMetaRefused     Code = "meta_refused"

	// What Meta says about a token.
	CodeTokenExpired     Code = "token_expired"
	CodeTokenInvalid     Code = "token_invalid"
	CodeAppRemoved       Code = "app_removed"
	CodePasswordChanged  Code = "password_changed"
	CodePermissionGone   Code = "permission_gone"
	CodeCheckpoint       Code = "checkpoint"
	CodeTokenTooYoung    Code = "token_too_young"
	CodeRateLimited      Code = "rate_limited"
	CodeMetaUnavailable  Code = "meta_unavailable"
	CodeMetaUnreadable   Code = "meta_answer_unreadable"
	CodeAppMisconfigured Code = "app_misconfigured"

	// The API of the site's backend.
	CodeParameterInvalid Code = "parameter_invalid"
	CodeAccountNotFound  Code = "account_not_found"
	CodeReauthRequired   Code = "reauth_required"
	CodeDisconnected     Code = "account_disconnected"
	CodeValidityShort    Code = "validity_too_short"
	CodeAlreadyConnected Code = "account_already_connected"
	CodeClaimInvalid     Code = "claim_invalid"
	CodeUnauthorized     Code = "unauthorized"
	CodeRouteNotFound    Code = "not_found"
	CodeMethod           Code = "method_not_allowed"
	CodeUnavailable      Code = "unavailable"

	// A text that somebody brings as a token and that is none, or a dead one.
	CodeTokenMissing      Code = "token_missing"
	CodeTokenDamaged      Code = "token_damaged"
	CodeTokenPlaceholder  Code = "token_placeholder"
	CodeTokenBasicDisplay Code = "token_basic_display"
	CodeTokenLegacy       Code = "token_legacy_api"
	CodeTokenFacebook     Code = "token_facebook_login"
	CodeTokenIsAppSecret  Code = "token_is_app_secret"
	CodeTokenIsAppToken   Code = "token_is_app_token"
	CodeTokenIsCode       Code = "token_is_code"
	CodeTokenIsLink       Code = "token_is_link"
	CodeTokenIsJSON       Code = "token_is_json"

	// What Meta says, too, where what helps differs from the codes above.
	CodeConsentBlocked  Code = "consent_blocked"
	CodeUserUnconfirmed Code = "user_unconfirmed"
	CodePolicyBlock     Code = "policy_block"
	CodeAppCapability   Code = "app_capability_missing"
	CodeObjectMissing   Code = "object_missing"
	CodeAppSecretProof  Code = "appsecret_proof_wrong"
	CodeGraphVersion    Code = "graph_version_ended"
	CodeMetaRequest     Code = "meta_request_invalid"
	CodeTokenUnparsable Code = "token_not_parsable"

	// What Meta says of a token that the app may not even look at.
	CodeTokenOtherApp Code = "token_of_another_app"

	// CodeChoose is no end of a flow: the visitor has several accounts.
	CodeChoose Code = "choice_needed"

	// Tokens of Facebook Login.
	CodeTokenNotExtended Code = "token_not_extended"
	CodeTokenIsPage      Code = "token_is_page"
	CodeSeveralAccounts  Code = "several_accounts"
	CodeAccountNotShown  Code = "account_not_shown"
)

// A section is a part of the dictionary: codes that show in one place.
type section struct {
	title, intro string
	entries      []entry
}

// entry is what is known of a code.
type entry struct {
	code  Code
	class Class
	// status is that of an answer that reports the code.
	status int
	// retry says that the visitor may start again.
	retry bool
	// en and es are what a visitor reads who meets the code.
	en, es words
	// message is what happened, in the words of developers, cause why, and hint what
	// helps.
	message, cause, hint string
	// checks are what to look at where the cause is not certain, the likeliest first.
	checks []string
	// sources are where the facts come from, beginning with Meta's own page.
	sources []string
}

type words struct{ title, body string }

// sections are the dictionary, in the order in which docs/errors.md has them. A new
// code goes to the end of the section of its place.
var sections = []section{
	visitorSection,
	connectSection,
	facebookSection,
	tokenSection,
	callbackSection,
	apiSection,
	importSection,
}

// dictionary finds the entry of a code. Messages of Meta that lead to a code stand
// in the package instagram.
var dictionary = index(sections)

func index(sections []section) map[Code]entry {
	found := map[Code]entry{}
	for _, s := range sections {
		for _, e := range s.entries {
			if _, twice := found[e.code]; twice {
				panic("igauth: two entries for the code " + string(e.code))
			}
			found[e.code] = e
		}
	}
	return found
}

// Class returns the class that the dictionary gives the code, ClassTransient
// for a code that is not in it.
func (c Code) Class() Class {
	if e, ok := dictionary[c]; ok && e.class != "" {
		return e.class
	}
	return ClassTransient
}

// HTTPStatus returns the status of an answer that reports the code.
func (c Code) HTTPStatus() int {
	if e, ok := dictionary[c]; ok && e.status != 0 {
		return e.status
	}
	return http.StatusInternalServerError
}

// Message returns what the code means, in one English sentence for developers.
func (c Code) Message() string {
	if e, ok := dictionary[c]; ok {
		return e.message
	}
	return dictionary[CodeUnavailable].message
}

// Hint returns what the developer or operator can do about the code, in
// English.
func (c Code) Hint() string { return dictionary[c].hint }

// Checks returns what to look at, the likeliest cause first, where the code alone
// does not tell the cause.
func (c Code) Checks() []string { return slices.Clone(dictionary[c].checks) }

// Known reports whether the dictionary has the code.
func (c Code) Known() bool {
	_, ok := dictionary[c]
	return ok
}

// A Text is what a visitor reads about a code: what happened, and what helps.
type Text struct {
	Title string `json:"title"`
	Body  string `json:"body"`
	// Retry reports whether starting again can help.
	Retry bool `json:"retry"`
}

// Text returns the words for a visitor. The texts of a code that visitors do not
// meet are those of CodeUnavailable.
func (c Code) Text(lang Language) Text {
	e, ok := dictionary[c]
	if !ok || e.en.title == "" {
		e = dictionary[CodeUnavailable]
	}
	words := e.en
	if lang == Spanish {
		words = e.es
	}
	return Text{Title: words.title, Body: words.body, Retry: e.retry}
}
