package dev

import (
	"net/http"

	"igauth/internal/igauth"
)

// caller names who calls the backend's API, for the audit: there is one key.
func caller(*http.Request) string { return "the API key of igauth dev" }

// audited writes down who wants a token without the key. Who has it stands in the
// audit with what came of it.
func (s *Server) audited(audit igauth.Auditor, keyed http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.hasKey(r) {
			refused := igauth.Reading{At: s.clock.Now(), Who: r.RemoteAddr, Account: igauth.AccountID(r.PathValue("id")), Code: igauth.CodeUnauthorized}
			if err := audit.Audit(r.Context(), refused); err != nil {
				s.log.Error("audit not written", "err", err)
			}
		}
		keyed.ServeHTTP(w, r)
	})
}
