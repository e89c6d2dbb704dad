package igsim_test

import (
	"slices"
	"testing"
)

// What somebody declined the dialog does not ask for again by itself.
func TestDeclinedPermissionsAreAskedForOnlyOnRequest(t *testing.T) {
	w := newWorld(t)
	pages := func(authType string, ticked ...string) []string {
		t.Helper()
		query := dialogQuery()
		if authType != "" {
			query.Set("auth_type", authType)
		}
		form := w.dialogForm("ines.hidden", query)
		form["scope"] = ticked
		token := w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.returned(form).Get("code"))))
		return pageNames(t, w.graph(token, "me/accounts"))
	}
	all := []string{"business_management", "instagram_basic", "pages_show_list"}
	if got := pages("", "instagram_basic", "pages_show_list"); len(got) != 0 {
		t.Fatalf("without business_management: got %q", got)
	}
	if got := pages("", all...); len(got) != 0 {
		t.Errorf("not asked for again: got %q", got)
	}
	if got := pages("rerequest", all...); !slices.Equal(got, []string{"Harbor Gallery"}) {
		t.Errorf("asked for again: got %q", got)
	}
	if got := pages("", all...); !slices.Equal(got, []string{"Harbor Gallery"}) {
		t.Errorf("what was granted since: got %q", got)
	}
}
