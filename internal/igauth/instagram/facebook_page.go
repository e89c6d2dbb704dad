package instagram

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"igauth/internal/igauth"
)

// Pages returns some of the Facebook Pages that a person's token shows
// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-facebook-login/business-login-for-instagram).
func (f *Facebook) Pages(ctx context.Context, user igauth.Secret, after string) (pages []igauth.Page, next string, err error) {
	query := url.Values{
		"fields": {"id,name,access_token,tasks,instagram_business_account{id,username}"},
		"limit":  {"100"},
	}
	if after != "" {
		query.Set("after", after)
	}
	a, err := f.askAs(ctx, user, http.MethodGet, "/me/accounts", query)
	if err != nil {
		return nil, "", err
	}
	var list struct {
		Data []struct {
			ID        idText    `json:"id"`
			Name      string    `json:"name"`
			Token     tokenText `json:"access_token"`
			Tasks     scopeList `json:"tasks"`
			Instagram struct {
				ID       idText `json:"id"`
				Username string `json:"username"`
			} `json:"instagram_business_account"`
		} `json:"data"`
		Paging struct {
			Cursors struct {
				After tokenText `json:"after"`
			} `json:"cursors"`
			Next string `json:"next"`
		} `json:"paging"`
	}
	if json.Unmarshal(a.body, &list) != nil || list.Data == nil {
		return nil, "", unreadable(a.status, "not the list that was expected")
	}
	for _, p := range list.Data {
		pages = append(pages, igauth.Page{ID: string(p.ID), Name: plain(p.Name, 200), Token: p.Token.secret(),
			Account: igauth.AccountID(p.Instagram.ID), Username: plain(p.Instagram.Username, 100), Tasks: p.Tasks})
	}
	if list.Paging.Next != "" {
		next = string(list.Paging.Cursors.After)
	}
	return pages, next, nil
}

// PageToken returns the token of one Page.
func (f *Facebook) PageToken(ctx context.Context, page string, user igauth.Secret) (igauth.Secret, error) {
	a, err := f.askAs(ctx, user, http.MethodGet, "/"+page, url.Values{"fields": {"access_token"}})
	if err != nil {
		return igauth.Secret{}, err
	}
	t, e := a.token()
	if e != nil {
		return igauth.Secret{}, e
	}
	return t.AccessToken.secret(), nil
}

// Profile returns who the Instagram account is that a Page's token reaches.
func (f *Facebook) Profile(ctx context.Context, account igauth.AccountID, token igauth.Secret) (igauth.Profile, error) {
	a, err := f.askAs(ctx, token, http.MethodGet, "/"+string(account), url.Values{"fields": {"id,username,name"}})
	if err != nil {
		return igauth.Profile{}, err
	}
	var who struct {
		ID       idText `json:"id"`
		Username string `json:"username"`
		Name     string `json:"name"`
	}
	if err := a.unwrap(&who); err != nil {
		return igauth.Profile{}, unreadable(a.status, err.Error())
	}
	return igauth.Profile{ID: igauth.AccountID(who.ID), Username: plain(who.Username, 100), Name: plain(who.Name, 200)}, nil
}
