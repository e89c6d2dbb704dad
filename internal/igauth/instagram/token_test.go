package instagram_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

func TestExchangeCode(t *testing.T) {
	basic := []string{"instagram_business_basic"}
	for _, tt := range []struct {
		name, source, body string
		id                 string
		scopes             []string
	}{
		{"wrapped, as documented", srcLogin,
			`{"data":[{"access_token":"IGAAshort","user_id":"38281000000004703","permissions":"instagram_business_basic,instagram_business_manage_messages"}]}`,
			"38281000000004703", []string{"instagram_business_basic", "instagram_business_manage_messages"}},
		{"wrapped, number and list", srcThreads,
			`{"data":[{"access_token":"IGAAshort","user_id":38281000000004703,"permissions":["instagram_business_basic"]}]}`,
			"38281000000004703", basic},
		{"flat, number and list", srcChatwoot, goodCode, "38281000000004703", basic},
		{"flat, all text", srcPostiz,
			`{"access_token":"IGAAshort","user_id":"38281000000004703","permissions":"instagram_business_basic"}`,
			"38281000000004703", basic},
		{"id of 20 digits", srcThreads,
			`{"access_token":"IGAAshort","user_id":18446744073709551615,"permissions":["instagram_business_basic"]}`,
			"18446744073709551615", basic},
		{"no id", srcLogin, `{"access_token":"IGAAshort","permissions":["instagram_business_basic"]}`, "", basic},
		{"id null", srcLogin, `{"access_token":"IGAAshort","user_id":null,"permissions":["instagram_business_basic"]}`, "", basic},
		{"permissions absent", srcRestFB, `{"access_token":"IGAAshort","user_id":38281000000004703}`, "38281000000004703", nil},
		{"permissions null", srcRestFB, `{"access_token":"IGAAshort","user_id":38281000000004703,"permissions":null}`, "38281000000004703", nil},
		{"permissions an empty list", srcLogin, `{"access_token":"IGAAshort","user_id":38281000000004703,"permissions":[]}`, "38281000000004703", []string{}},
		{"permissions an empty text", srcLogin, `{"access_token":"IGAAshort","user_id":38281000000004703,"permissions":""}`, "38281000000004703", []string{}},
		{"permissions unsorted and twice", srcLogin,
			`{"access_token":"IGAAshort","user_id":38281000000004703,"permissions":"instagram_business_manage_messages, instagram_business_basic,instagram_business_basic"}`,
			"38281000000004703", []string{"instagram_business_basic", "instagram_business_manage_messages"}},
		{"members that nobody knows", srcLogin,
			`{"data":[{"access_token":"IGAAshort","user_id":38281000000004703,"permissions":["instagram_business_basic"],"token_type":"bearer","expires_in":3600,"x":{"y":[1]}}],"paging":{"next":"https://elsewhere.invalid/"}}`,
			"38281000000004703", basic},
		{"data null next to a flat answer", srcLogin,
			`{"data":null,"access_token":"IGAAshort","user_id":38281000000004703,"permissions":["instagram_business_basic"]}`,
			"38281000000004703", basic},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			m := newMeta(t, answers(http.StatusOK, tt.body))
			got, err := newClient(t, m.URL).ExchangeCode(t.Context(), igauth.NewSecret(codeText))
			if err != nil {
				t.Fatal(err)
			}
			if got.Token.Reveal() != "IGAAshort" || got.AppScopedID != tt.id {
				t.Errorf("got a token of %d characters and id %q, want IGAAshort and %q", len(got.Token.Reveal()), got.AppScopedID, tt.id)
			}
			if !reflect.DeepEqual(got.Scopes, tt.scopes) {
				t.Errorf("scopes: got %#v, want %#v", got.Scopes, tt.scopes)
			}
		})
	}
}

// longLivedQuestions are the two that have the same answer.
var longLivedQuestions = questions[1:3]

func TestLongLivedToken(t *testing.T) {
	const sample = 5183944 * time.Second
	for _, tt := range []struct {
		name, source, body string
		life               time.Duration
	}{
		{"as documented", srcExchange, goodLong, sample},
		{"sixty days", srcRefresh, `{"access_token":"IGAAnew","token_type":"bearer","expires_in":5184000}`, 60 * 24 * time.Hour},
		{"lifetime as text", srcExchange, `{"access_token":"IGAAnew","expires_in":"5183944"}`, sample},
		{"lifetime with a fraction of zero", srcExchange, `{"access_token":"IGAAnew","expires_in":5183944.0}`, sample},
		{"lifetime with an exponent", srcExchange, `{"access_token":"IGAAnew","expires_in":5.183944e6}`, sample},
		{"lifetime of a second", srcExchange, `{"access_token":"IGAAnew","expires_in":1}`, time.Second},
		{"lifetime of ninety days", srcExchange, `{"access_token":"IGAAnew","expires_in":7776000}`, 90 * 24 * time.Hour},
		{"lifetime of ninety days and a second", srcExchange, `{"access_token":"IGAAnew","expires_in":7776001}`, 60 * 24 * time.Hour},
		{"lifetime of a century", srcExchange, `{"access_token":"IGAAnew","expires_in":3153600000}`, 60 * 24 * time.Hour},
		{"lifetime of all seconds there are", srcExchange, `{"access_token":"IGAAnew","expires_in":9223372036854775807}`, 60 * 24 * time.Hour},
		{"wrapped", srcLogin, `{"data":[{"access_token":"IGAAnew","expires_in":5183944}]}`, sample},
		{"members that nobody knows", srcExchange, `{"access_token":"IGAAnew","expires_in":5183944,"user_id":38281000000004703,"permissions":["instagram_business_basic"],"x":null}`, sample},
	} {
		for _, q := range longLivedQuestions {
			t.Run(tt.name+"/"+q.name, func(t *testing.T) {
				sourced(t, tt.source)
				m := newMeta(t, answers(http.StatusOK, tt.body))
				got, err := q.ask(t.Context(), newClient(t, m.URL))
				if err != nil {
					t.Fatal(err)
				}
				token := got.(igauth.Token)
				if token.Value.Reveal() != "IGAAnew" {
					t.Error("the token is not the one that Meta sent")
				}
				issued := start.Truncate(time.Second)
				if !token.IssuedAt.Equal(issued) || token.ExpiresAt.Sub(token.IssuedAt) != tt.life {
					t.Errorf("got issued %v and a life of %v, want %v and %v", token.IssuedAt, token.ExpiresAt.Sub(token.IssuedAt), issued, tt.life)
				}
				if token.IssuedAt.Location() != time.UTC || token.ExpiresAt.Location() != time.UTC {
					t.Error("a time is not UTC")
				}
			})
		}
	}
}

// What is believed of a token's life must end before the truth does: the clock
// is read before the request, not after.
func TestLifeCountsFromBeforeTheRequest(t *testing.T) {
	var asked bool
	m := newMeta(t, func(w http.ResponseWriter, r *http.Request) {
		asked = true
		answers(http.StatusOK, goodLong)(w, r)
	})
	c := newClient(t, m.URL, withNow(func() time.Time {
		if asked {
			return start.Add(time.Minute)
		}
		return start
	}))
	got, err := c.RefreshToken(t.Context(), igauth.NewSecret(tokenText))
	if err != nil {
		t.Fatal(err)
	}
	if want := start.Truncate(time.Second); !got.IssuedAt.Equal(want) {
		t.Errorf("issued: got %v, want %v", got.IssuedAt, want)
	}
}

// Answers that are no tokens, although Meta calls them a success.
func TestTokenAnswersThatAreNone(t *testing.T) {
	bodies := map[string]string{
		"nothing":                     ``,
		"blanks":                      " \n\t",
		"an empty object":             `{}`,
		"null":                        `null`,
		"a list":                      `[]`,
		"a text":                      `"IGAAnew"`,
		"a number":                    `1`,
		"truncated":                   `{"access_token":"IGAAnew","expires_in":51839`,
		"two objects":                 goodLong + goodLong,
		"garbage":                     "\x00\xff\xfe{]",
		"a page":                      `<!DOCTYPE html><title>Sorry, something went wrong</title>`,
		"a query, as of old":          `access_token=IGAAnew&expires_in=5183944`,
		"data is empty":               `{"data":[]}`,
		"data holds null":             `{"data":[null]}`,
		"data is an object":           `{"data":{"access_token":"IGAAnew","expires_in":5183944}}`,
		"token missing":               `{"expires_in":5183944,"user_id":1}`,
		"token empty":                 `{"access_token":"","expires_in":5183944}`,
		"token null":                  `{"access_token":null,"expires_in":5183944}`,
		"token a number":              `{"access_token":5,"expires_in":5183944}`,
		"token a list":                `{"access_token":["IGAAnew"],"expires_in":5183944}`,
		"token with a line break":     `{"access_token":"IGAA\r\nnew","expires_in":5183944}`,
		"token with a space":          `{"access_token":"IGAA new","expires_in":5183944}`,
		"token with a zero":           `{"access_token":"IGAA\u0000","expires_in":5183944}`,
		"token with other letters":    `{"access_token":"IGAAñ","expires_in":5183944}`,
		"token too long to be one":    `{"access_token":"` + strings.Repeat("x", 8<<10+1) + `","expires_in":5183944}`,
		"id a fraction":               `{"access_token":"IGAAnew","user_id":1.7841400000000000e16,"expires_in":5183944}`,
		"id with a path":              `{"access_token":"IGAAnew","user_id":"../../x","expires_in":5183944}`,
		"id negative":                 `{"access_token":"IGAAnew","user_id":-1,"expires_in":5183944}`,
		"id too long":                 `{"access_token":"IGAAnew","user_id":184467440737095516150,"expires_in":5183944}`,
		"permissions a number":        `{"access_token":"IGAAnew","permissions":7,"expires_in":5183944}`,
		"permissions of numbers":      `{"access_token":"IGAAnew","permissions":[1],"expires_in":5183944}`,
		"permission with a new line":  `{"access_token":"IGAAnew","permissions":["a\nb"],"expires_in":5183944}`,
		"permission too long":         `{"access_token":"IGAAnew","permissions":["` + strings.Repeat("x", 101) + `"],"expires_in":5183944}`,
		"a Graph error":               `{"error":{"message":"Oops","type":"OAuthException","code":100}}`,
		"a Graph error and a token":   `{"error":{"message":"Oops","code":100},"access_token":"IGAAnew","expires_in":5183944}`,
		"an error of no known form":   `{"error":"oops","access_token":"IGAAnew","expires_in":5183944}`,
		"a flat error":                `{"error_type":"OAuthException","code":400,"error_message":"Oops"}`,
		"a flat error and a token":    `{"error_message":"Oops","access_token":"IGAAnew","expires_in":5183944}`,
		"more than 64 KiB":            `{"access_token":"IGAAnew","expires_in":5183944,"filler":"` + strings.Repeat("x", 64<<10) + `"}`,
		"64 KiB of brackets":          strings.Repeat("[", 64<<10),
		"a token deeper than it is":   `{"data":[{"data":[{"access_token":"IGAAnew","expires_in":5183944}]}]}`,
		"a token of another envelope": `{"result":{"access_token":"IGAAnew","expires_in":5183944}}`,
	}
	for name, body := range bodies {
		for _, status := range []int{http.StatusOK, http.StatusCreated} {
			t.Run(fmt.Sprintf("%s, status %d", name, status), func(t *testing.T) {
				m := newMeta(t, answers(status, body))
				c := newClient(t, m.URL)
				for _, q := range questions[:3] {
					if e := q.fails(t, c); e.Class != igauth.ClassTransient || !e.Sent {
						t.Errorf("%s: got class %s, sent %v, want transient, sent", q.name, e.Class, e.Sent)
					}
					if n := m.count(); n != 1 {
						t.Errorf("%s: got %d requests, want 1", q.name, n)
					}
				}
			})
		}
	}
}

// A long-lived token without a life that makes sense would never be refreshed,
// or at once.
func TestLifetimesThatAreNone(t *testing.T) {
	for _, life := range []string{
		"", `"expires_in":null`, `"expires_in":0`, `"expires_in":-1`, `"expires_in":"-5183944"`, `"expires_in":""`,
		`"expires_in":"soon"`, `"expires_in":1.5`, `"expires_in":"1e400"`, `"expires_in":1e300`, `"expires_in":"NaN"`, `"expires_in":"Inf"`,
		`"expires_in":true`, `"expires_in":[5183944]`, `"expires_in":{}`, `"expires_in":9223372036854775808000`,
	} {
		t.Run(life, func(t *testing.T) {
			body := `{"access_token":"IGAAnew","token_type":"bearer"`
			if life != "" {
				body += "," + life
			}
			m := newMeta(t, answers(http.StatusOK, body+"}"))
			c := newClient(t, m.URL)
			for _, q := range longLivedQuestions {
				if e := q.fails(t, c); e.Code != igauth.CodeMetaUnreadable || !e.Sent {
					t.Errorf("%s: got %s, sent %v, want %s, sent", q.name, e.Code, e.Sent, igauth.CodeMetaUnreadable)
				}
			}
		})
	}
}
