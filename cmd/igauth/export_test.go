package main

import (
	"bytes"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"igauth/internal/app/local"
	"igauth/internal/igauth"
	"igauth/internal/tokenfile"
)

// What is taken away of an account of Facebook Login is enough to keep it alive
// elsewhere: its token is made from the person's.
func TestAllOfAPersonsTokenIsExported(t *testing.T) {
	dir := t.TempDir()
	f, err := local.Create(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Remember(local.Record{PublicURL: "https://connect.example", ClockOffset: "0s"}); err != nil {
		t.Fatal(err)
	}
	now := f.Now().UTC().Truncate(time.Second)
	want := tokenfile.Entry{
		Where: "accounts[0]", Token: igauth.NewSecret("EAABpage"), UserToken: igauth.NewSecret("EAABperson"), Username: "baker", AccountID: "17841401313574613",
		IssuedAt: now, Scopes: []string{"instagram_basic"}, Login: igauth.LoginFacebook, PageID: "104999999999999", DataAccessUntil: now.Add(90 * 24 * time.Hour),
	}
	a := igauth.Account{
		Profile: igauth.Profile{ID: want.AccountID, Username: want.Username, PageID: want.PageID}, Login: want.Login, Status: igauth.StatusActive,
		Generation: 1, IssuedAt: now, DataAccessUntil: want.DataAccessUntil, Scopes: want.Scopes, ConnectedAt: now, CheckedAt: now,
	}
	parts := f.Parts(f.Now, slog.New(slog.DiscardHandler))
	slot := igauth.Slot{Account: a.ID, Generation: 1, Attempt: strings.Repeat("a", 32)}
	token := igauth.Token{Value: want.Token, UserToken: want.UserToken, IssuedAt: now, DataAccessUntil: want.DataAccessUntil, Scopes: want.Scopes}
	if a.Ref, err = parts.Vault.Put(t.Context(), slot, a.Profile, token); err != nil {
		t.Fatal(err)
	}
	if err := parts.Ledger.Save(t.Context(), igauth.Change{Account: &a, Attempt: slot.Attempt}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := igauthCommand("export", "--data", dir, "-o", "-")
	if code != 0 {
		t.Fatalf("got exit code %d, %s", code, errOut)
	}
	got, err := tokenfile.Read(bytes.NewReader([]byte(out)), tokenfile.FormatJSON)
	if err != nil || !reflect.DeepEqual(got, []tokenfile.Entry{want}) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}
