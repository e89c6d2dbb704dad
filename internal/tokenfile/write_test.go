package tokenfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/tokenfile"
)

// What other tools rely on, byte for byte.
func TestWhatIsWrittenIsAContract(t *testing.T) {
	zone := time.FixedZone("", 7200)
	for _, tt := range []struct {
		name     string
		accounts []tokenfile.Exported
		want     string
	}{
		{"no accounts", nil, "{\n  \"accounts\": []\n}\n"},
		{"an account of which all is known and one of which little is", []tokenfile.Exported{
			{
				ID: "17841401313574613", Username: "shop", Token: igauth.NewSecret("IGAA<&>ZD"),
				IssuedAt: time.Date(2026, 5, 1, 10, 0, 0, 0, zone), ExpiresAt: time.Date(2026, 6, 30, 10, 0, 0, 5e8, zone),
				Scopes: []string{"instagram_business_basic"},
			},
			{ID: "17841405793187219", Token: igauth.NewSecret(second), Scopes: []string{}},
			{ID: "17841405793187220", Username: "bar", Token: igauth.NewSecret(strange)},
			{
				ID: "17841405793187221", Username: "baker", Token: igauth.NewSecret("EAABpage"), IssuedAt: time.Date(2026, 5, 1, 10, 0, 0, 0, zone),
				Login: igauth.LoginFacebook, PageID: "104999999999999", UserToken: igauth.NewSecret("EAABperson"), DataAccessUntil: time.Date(2026, 7, 30, 10, 0, 0, 0, zone),
			},
		}, `{
  "accounts": [
    {
      "id": "17841401313574613",
      "username": "shop",
      "access_token": "IGAA<&>ZD",
      "issued_at": "2026-05-01T08:00:00Z",
      "expires_at": "2026-06-30T08:00:00.5Z",
      "scopes": [
        "instagram_business_basic"
      ]
    },
    {
      "id": "17841405793187219",
      "username": "",
      "access_token": "` + second + `",
      "scopes": []
    },
    {
      "id": "17841405793187220",
      "username": "bar",
      "access_token": "` + strange + `"
    },
    {
      "id": "17841405793187221",
      "username": "baker",
      "access_token": "EAABpage",
      "issued_at": "2026-05-01T08:00:00Z",
      "login": "facebook",
      "page_id": "104999999999999",
      "user_access_token": "EAABperson",
      "data_access_until": "2026-07-30T08:00:00Z"
    }
  ]
}
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := tokenfile.Write(&out, tt.accounts); err != nil || out.String() != tt.want {
				t.Errorf("got %v\n%s", err, &out)
			}
		})
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	day := time.Date(2026, 5, 1, 8, 0, 0, 123456789, time.UTC)
	want := []tokenfile.Entry{
		{Where: "accounts[0]", Token: igauth.NewSecret(first), Username: "shop", AccountID: "17841401313574613", IssuedAt: day, ExpiresAt: day.Add(1440 * time.Hour), Scopes: []string{"a", "b"}},
		{Where: "accounts[1]", Token: igauth.NewSecret(`a"b\c<d>é`), AccountID: "17841405793187219", Scopes: []string{}},
		{Where: "accounts[2]", Token: igauth.NewSecret(strange), AccountID: "18446744073709551615"},
		{
			Where: "accounts[3]", Token: igauth.NewSecret("EAABpage"), AccountID: "17841405793187221",
			Login: igauth.LoginFacebook, PageID: "104999999999999", UserToken: igauth.NewSecret("EAABperson"), DataAccessUntil: day.Add(2160 * time.Hour),
		},
	}
	var accounts []tokenfile.Exported
	for _, e := range want {
		accounts = append(accounts, tokenfile.Exported{
			ID: e.AccountID, Username: e.Username, Token: e.Token, IssuedAt: e.IssuedAt, ExpiresAt: e.ExpiresAt, Scopes: e.Scopes,
			Login: e.Login, PageID: e.PageID, UserToken: e.UserToken, DataAccessUntil: e.DataAccessUntil,
		})
	}
	var out bytes.Buffer
	if err := tokenfile.Write(&out, accounts); err != nil {
		t.Fatal(err)
	}
	for _, format := range []tokenfile.Format{tokenfile.FormatAuto, tokenfile.FormatJSON} {
		got, err := tokenfile.Read(bytes.NewReader(out.Bytes()), format)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", format, got, err)
		}
	}
}

func TestAnAccountWithoutATokenIsNotWritten(t *testing.T) {
	for _, token := range []string{"", " ", first + " ", `"` + first + `"`, "Bearer " + first, "IGAA\xff" + first} {
		var out bytes.Buffer
		err := tokenfile.Write(&out, []tokenfile.Exported{
			{ID: "1", Token: igauth.NewSecret(second)},
			{ID: "2", Token: igauth.NewSecret(token)},
		})
		if fmt.Sprint(err) != "accounts[1]: the account has no token that can be written" || out.Len() > 0 {
			t.Errorf("%d bytes: got %v and %d bytes", len(token), err, out.Len())
		}
	}
}

func TestAPersonsTokenThatIsNotReadBackIsNotWritten(t *testing.T) {
	for _, token := range []string{" ", second + " ", "Bearer " + second, "EAAB\xff"} {
		var out bytes.Buffer
		err := tokenfile.Write(&out, []tokenfile.Exported{{ID: "1", Token: igauth.NewSecret(first), UserToken: igauth.NewSecret(token)}})
		if fmt.Sprint(err) != "accounts[0]: the account has no token that can be written" || out.Len() > 0 {
			t.Errorf("%d bytes: got %v and %d bytes", len(token), err, out.Len())
		}
	}
}

// What the file says of Facebook Login is a hint like all others: what makes no
// sense is left out.
func TestStrangeRemarksOnFacebookLoginAreLeftOut(t *testing.T) {
	got, err := tokenfile.Read(strings.NewReader(`{"access_token":"`+first+`","login":"myspace","page_id":"../x","user_access_token":{},"data_access_until":"soon"}`), "")
	want := []tokenfile.Entry{{Where: "the JSON object", Token: igauth.NewSecret(first)}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestAFailedWriteIsReported(t *testing.T) {
	cause := errors.New("the disk is full")
	err := tokenfile.Write(failing{cause}, []tokenfile.Exported{{ID: "1", Token: igauth.NewSecret(first)}})
	if !errors.Is(err, cause) || strings.Contains(err.Error(), first) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
