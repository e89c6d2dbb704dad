package instagram

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"igauth/internal/igauth"
)

// pagesAtOnce is how many Pages are asked for at a time.
const pagesAtOnce = "100"

// Pages returns some of the Facebook Pages that a person's token shows
// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-facebook-login/business-login-for-instagram).
// An empty list is no error: without the permission business_management, Meta
// hides the Pages of a business portfolio and says nothing.
//
// Only the cursor of Meta's paging is used. Its address of the next answer holds
// the person's token, and tells no more than that there is one.
func (f *Facebook) Pages(ctx context.Context, user igauth.Secret, after string) (pages []igauth.Page, next string, err error) {
	query := url.Values{
		"fields": {"id,name,access_token,tasks,instagram_business_account{id,username}"},
		"limit":  {pagesAtOnce},
	}
	if after != "" {
		query.Set("after", after)
	}
	a, err := f.askAs(ctx, user, http.MethodGet, "/me/accounts", query)
	if err != nil {
		return nil, "", err
	}
	var list struct {
		Data   []pageAnswer `json:"data"`
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
		if p.ID == "" {
			return nil, "", unreadable(a.status, "a Page has no id")
		}
		pages = append(pages, p.page())
	}
	if list.Paging.Next == "" {
		return pages, "", nil
	}
	next = string(list.Paging.Cursors.After)
	if next == "" || next == after {
		return nil, "", unreadable(a.status, "there are more Pages and no cursor that leads to them")
	}
	return pages, next, nil
}

// pageAnswer is a Page in a list.
type pageAnswer struct {
	ID        idText    `json:"id"`
	Name      string    `json:"name"`
	Token     tokenText `json:"access_token"`
	Tasks     scopeList `json:"tasks"`
	Instagram struct {
		ID       idText `json:"id"`
		Username string `json:"username"`
	} `json:"instagram_business_account"`
}

// pageName and username are how many characters of each are kept, which is all of
// those that people have. What a flow keeps of five hundred Pages must fit into one
// item of a table.
const (
	pageName = 75
	username = 30
)

func (p pageAnswer) page() igauth.Page {
	return igauth.Page{
		ID:       string(p.ID),
		Name:     plain(p.Name, pageName),
		Token:    p.Token.secret(),
		Account:  igauth.AccountID(p.Instagram.ID),
		Username: plain(p.Instagram.Username, username),
		Tasks:    p.Tasks,
	}
}

// PageToken returns the token of one Page
// (https://developers.facebook.com/docs/pages/access-tokens). Meta gives it to who
// can perform a task on the Page; if it leaves it out the person no longer can,
// or the permission is gone, which is CodePermissionGone: no token died of it.
func (f *Facebook) PageToken(ctx context.Context, page string, user igauth.Secret) (igauth.Secret, error) {
	if !igauth.AccountID(page).Valid() {
		return igauth.Secret{}, noNumber("the Page")
	}
	a, err := f.askAs(ctx, user, http.MethodGet, "/"+page, url.Values{"fields": {"access_token"}})
	if err != nil {
		return igauth.Secret{}, err
	}
	var p pageAnswer
	if err := a.unwrap(&p); err != nil {
		return igauth.Secret{}, unreadable(a.status, err.Error())
	}
	if string(p.ID) != page {
		return igauth.Secret{}, unreadable(a.status, "that is not the Page")
	}
	if p.Token == "" {
		return igauth.Secret{}, &igauth.Error{
			Code: igauth.CodePermissionGone, Class: igauth.CodePermissionGone.Class(),
			Detail: "Meta shows the Page without its token", Sent: true,
		}
	}
	return p.Token.secret(), nil
}

// Profile returns who the Instagram account is that a Page's token reaches
// (https://developers.facebook.com/docs/instagram-platform/reference/ig-user).
// Its AccountType stays empty: the field does not exist here, and what is linked
// to a Page is professional.
func (f *Facebook) Profile(ctx context.Context, account igauth.AccountID, token igauth.Secret) (igauth.Profile, error) {
	if !account.Valid() {
		return igauth.Profile{}, noNumber("the account")
	}
	a, err := f.askAs(ctx, token, http.MethodGet, "/"+string(account), url.Values{"fields": {"id,username,name"}})
	if err != nil {
		return igauth.Profile{}, err
	}
	var who profileAnswer
	if err := a.unwrap(&who); err != nil {
		return igauth.Profile{}, unreadable(a.status, err.Error())
	}
	if igauth.AccountID(who.ID) != account {
		return igauth.Profile{}, unreadable(a.status, "that is not the account")
	}
	profile := who.profile()
	profile.ID = account
	return profile, nil
}

// noNumber reports an id that would lead a request astray.
func noNumber(whose string) *igauth.Error {
	return &igauth.Error{Code: igauth.CodeUnavailable, Class: igauth.CodeUnavailable.Class(), Detail: "the id of " + whose + " is not a number"}
}
