package tokenfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"igauth/internal/igauth"
)

// An object is a JSON object whose values are not read yet, so that long numbers
// keep their digits.
type object map[string]json.RawMessage

// tokenKeys are the keys under which an object has its token, the most certain
// first.
var tokenKeys = []string{"access_token", "accessToken", "long_lived_token", "longLivedToken", "token"}

// listKeys are the keys under which an object has a list: that of [Write], that
// of Meta's answer to a code, and a plain one.
var listKeys = []string{"accounts", "data", "tokens"}

// tokenKeyAmong returns the key of the token among those of an object. "value" is
// the column of instagram-token-agent, which is one only beside another of its.
func tokenKeyAmong(has func(string) bool) string {
	for _, key := range tokenKeys {
		if has(key) {
			return key
		}
	}
	if has("value") && has("expires_at") {
		return "value"
	}
	return ""
}

func (o object) has(key string) bool { return o[key] != nil }

// text returns the first text or number under the keys, a number as it is written,
// and nothing for anything else.
func (o object) text(keys ...string) string {
	for _, key := range keys {
		raw := o[key]
		var text string
		switch {
		case len(raw) == 0:
		case raw[0] == '-' || ('0' <= raw[0] && raw[0] <= '9'):
			return string(raw)
		case json.Unmarshal(raw, &text) == nil && text != "":
			return text
		}
	}
	return ""
}

// parseObject reads a JSON object.
func parseObject(raw []byte) (object, bool) {
	var fields object
	err := json.Unmarshal(raw, &fields)
	return fields, err == nil && fields != nil
}

// parseJSON reads the document, or notes where it is damaged.
func (c *collection) parseJSON(text string) (json.RawMessage, bool) {
	var document json.RawMessage
	err := json.Unmarshal([]byte(text), &document)
	if err == nil {
		return bytes.TrimSpace(document), true
	}
	where := ""
	if fault, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := text[:min(int(fault.Offset), len(text))]
		line := strings.Count(before, "\n") + 1
		column := max(len(before)-strings.LastIndexByte(before, '\n')-1, 1)
		where = fmt.Sprintf("line %d, column %d", line, column)
	}
	c.problem(where, "the JSON breaks off or is damaged here")
	return nil, false
}

func (c *collection) readJSON(text string) {
	document, ok := c.parseJSON(text)
	if !ok {
		return
	}
	if document[0] != '{' {
		c.addList("list", document)
		return
	}
	fields, _ := parseObject(document)
	if tokenKeyAmong(fields.has) != "" {
		c.addObject("the JSON object", fields)
		return
	}
	for _, key := range listKeys {
		if fields.has(key) {
			c.addList(key, fields[key])
			return
		}
	}
	c.takeKnown(variables(fields))
}

// readJSONVariable takes one variable from an object such as that of
// `heroku config --json`.
func (c *collection) readJSONVariable(text, name string) {
	document, ok := c.parseJSON(text)
	if !ok {
		return
	}
	fields, ok := parseObject(document)
	if !ok {
		c.problem("", "the JSON is a list and has no variables")
		return
	}
	c.takeNamed(variables(fields), name)
}

// variables returns the texts of an object, by name.
func variables(fields object) []assignment {
	var list []assignment
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if raw := fields[name]; isName(name) && len(raw) > 0 && raw[0] == '"' {
			list = append(list, assignment{name: name, value: fields.text(name), where: "the JSON object"})
		}
	}
	return list
}

// addList takes a token from every member of a list.
func (c *collection) addList(name string, raw json.RawMessage) {
	var members []json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		c.problem(name, "this is not a list")
		return
	}
	if len(members) == 0 {
		c.problem(name, "the list is empty")
	}
	for i, member := range members {
		where := name + "[" + strconv.Itoa(i) + "]"
		var text string
		if fields, ok := parseObject(member); ok {
			c.addObject(where, fields)
		} else if string(member) != "null" && json.Unmarshal(member, &text) == nil {
			c.add(Entry{Where: where}, text)
		} else {
			c.problem(where, "this is neither a text nor an object with access_token")
		}
	}
}

// addObject takes a token and what its object says about it.
func (c *collection) addObject(where string, fields object) {
	key := tokenKeyAmong(fields.has)
	if key == "" || string(fields[key]) == "null" {
		c.problem(where, "there is no access_token")
		return
	}
	var token string
	if err := json.Unmarshal(fields[key], &token); err != nil {
		c.problem(where, "the "+key+" is not a text")
		return
	}
	e := Entry{
		Where:     where,
		IssuedAt:  fields.time("issued_at", "issuedAt"),
		ExpiresAt: fields.time("expires_at", "expiresAt"),
		Username:  fields.username(),
		AccountID: fields.accountID(),
		Scopes:    fields.scopes(),
		Login:     fields.login(),
		PageID:    fields.pageID(),

		DataAccessUntil: fields.time("data_access_until"),
	}
	if text := trim(fields.text("user_access_token")); text != "" {
		e.UserToken = igauth.NewSecret(text)
	}
	if isStartingToken(fields) {
		e.ExpiresAt = time.Time{}
	}
	// expires_in counts from an answer whose time is known only if the file
	// says so.
	if seconds, err := strconv.ParseInt(fields.text("expires_in", "expiresIn"), 10, 32); err == nil &&
		seconds > 0 && e.ExpiresAt.IsZero() && !e.IssuedAt.IsZero() {
		e.ExpiresAt = e.IssuedAt.Add(time.Duration(seconds) * time.Second)
	}
	c.add(e, token)
}

// timeForms are the forms of times: RFC 3339, that of Meta, and those of databases,
// which leave the zone out where it is UTC.
var timeForms = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05Z07", "2006-01-02 15:04:05 UTC",
}

// time returns a time, the zero time if there is none that makes sense.
func (o object) time(keys ...string) time.Time {
	text := strings.TrimSpace(o.text(keys...))
	var t time.Time
	if number, err := strconv.ParseFloat(text, 64); err == nil {
		// Programs in JavaScript count milliseconds. Seconds have so many
		// digits only after the year 5000.
		if number >= 1e11 {
			number /= 1000
		}
		if number > 0 && number < 1e11 {
			t = time.Unix(int64(number), 0)
		}
	}
	for _, form := range timeForms {
		if parsed, err := time.Parse(form, text); err == nil {
			t = parsed
			break
		}
	}
	// Instagram is of 2010.
	if t = t.UTC(); t.Year() < 2010 || t.Year() > 3000 {
		return time.Time{}
	}
	return t
}

// Names and scopes are shown in terminals, so that nothing else gets there.
var (
	usernameText = regexp.MustCompile(`^[A-Za-z0-9._]{1,30}$`)
	scopeText    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

func (o object) username() string {
	name := strings.TrimPrefix(strings.TrimSpace(o.text("username", "user_name", "userName")), "@")
	if !usernameText.MatchString(name) || holdsToken(name) {
		return ""
	}
	return name
}

// accountID returns the id with all of its digits. Meta's own answers have the
// account's id in user_id and that of the app's view in id. A number that was
// rounded to a float on its way (1.78e16) is nobody's id.
func (o object) accountID() igauth.AccountID {
	for _, key := range []string{"user_id", "userId", "account_id", "accountId", "id"} {
		if id := igauth.AccountID(strings.TrimSpace(o.text(key))); id.Valid() {
			return id
		}
	}
	return ""
}

// login returns a login that there is.
func (o object) login() igauth.Login {
	switch login := igauth.Login(o.text("login")); login {
	case igauth.LoginInstagram, igauth.LoginFacebook:
		return login
	}
	return ""
}

// pageID returns the id of a Facebook Page, which has the form of an account's.
func (o object) pageID() string {
	if id := o.text("page_id"); igauth.AccountID(id).Valid() {
		return id
	}
	return ""
}

// scopes returns the granted scopes, from a list or from a text with commas or
// spaces.
func (o object) scopes() []string {
	for _, key := range []string{"scopes", "permissions", "scope"} {
		var list []string
		if !o.has(key) || string(o[key]) == "null" {
			continue
		}
		if err := json.Unmarshal(o[key], &list); err != nil {
			list = strings.FieldsFunc(o.text(key), func(r rune) bool { return r == ',' || r == ' ' })
		}
		kept := make([]string, 0, len(list))
		for _, scope := range list {
			if scopeText.MatchString(scope) {
				kept = append(kept, scope)
			}
		}
		slices.Sort(kept)
		return slices.Compact(kept)
	}
	return nil
}
