package igsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"igauth/internal/igsim"
)

// The life of a token: consent, exchange, exchange again, two months later.
func Example() {
	clock := igsim.NewFrozenClock(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	sim, err := igsim.New(igsim.Config{Now: clock.Now})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(sim)
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	token := func(res *http.Response, err error) string {
		if err != nil {
			panic(err)
		}
		defer res.Body.Close()
		var body struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
			panic(err)
		}
		return body.AccessToken
	}

	// A visitor consents. A script may leave out the account and get the first.
	res, err := client.PostForm(server.URL+"/oauth/authorize", url.Values{
		"client_id": {igsim.DefaultAppID}, "response_type": {"code"}, "scope": {"instagram_business_basic"},
		"redirect_uri": {"https://site.example/callback"}, "state": {"s"}, "decision": {"approve"},
	})
	if err != nil {
		panic(err)
	}
	res.Body.Close()
	back, _ := res.Location()

	// The code becomes a token of an hour, and that one of sixty days.
	short := token(client.PostForm(server.URL+"/oauth/access_token", url.Values{
		"client_id": {igsim.DefaultAppID}, "client_secret": {igsim.DefaultAppSecret}, "grant_type": {"authorization_code"},
		"redirect_uri": {"https://site.example/callback"}, "code": {back.Query().Get("code")},
	}))
	long := token(client.Get(server.URL + "/access_token?" + url.Values{
		"grant_type": {"ig_exchange_token"}, "client_secret": {igsim.DefaultAppSecret}, "access_token": {short},
	}.Encode()))

	clock.Advance(50 * 24 * time.Hour)
	fmt.Println("after 50 days:", sim.TokenAlive(short), sim.TokenAlive(long))

	long = token(client.Get(server.URL + "/refresh_access_token?" + url.Values{
		"grant_type": {"ig_refresh_token"}, "access_token": {long},
	}.Encode()))
	clock.Advance(50 * 24 * time.Hour)
	fmt.Println("refreshed, after 100:", sim.TokenAlive(long))

	clock.Advance(10 * 24 * time.Hour)
	fmt.Println("not refreshed, after 110:", sim.TokenAlive(long))

	// Output:
	// after 50 days: false true
	// refreshed, after 100: true
	// not refreshed, after 110: false
}
