package doctor

import (
	"context"
	"time"

	"igauth/internal/app"
	"igauth/internal/cost"
	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// An Examination looks at everything that can be looked at from here.
type Examination struct {
	// Environment is that of the shell.
	Environment Environment
	// Network asks others; its clock is Now.
	Network Network
	// Version is the version of the Graph API that Meta is asked for.
	Version GraphVersion
	// Now is this machine's clock.
	Now func() time.Time
	// Online lets Meta and the installation's own address be asked.
	Online bool
}

// Shell examines the variables of this shell.
func (e Examination) Shell(ctx context.Context) Report {
	findings := Settings{Environment: e.Environment, Required: Required}.Check()
	findings = append(findings, Dashboard(e.Environment)...)
	findings = append(findings, Version(e.Version, e.Now())...)
	examined := "the variables of this shell"
	if e.Online {
		online, skews := e.outside(ctx, e.Environment, findings, "/accounts", igauth.Secret{})
		findings = append(findings, online...)
		findings = append(findings, Clock(skews)...)
		examined += ", Meta, and the public URL"
	}
	return NewReport(examined, findings)
}

// outside asks Meta and the installation's own address, all at a time. What the
// settings are known to be wrong in is not asked about.
func (e Examination) outside(ctx context.Context, env Environment, known []Finding, guarded string, metaSecret igauth.Secret) ([]Finding, []Skew) {
	network := e.Network
	network.Now = e.Now
	origin := func(name, own string) string {
		if value := env.Get(name); value != "" && Usable(known, name) {
			return value
		}
		return own
	}
	www := origin(app.EnvInstagramWWW, instagram.DefaultWWW)
	api := origin(app.EnvInstagramAPI, instagram.DefaultAPI)
	graph := origin(app.EnvInstagramGraph, instagram.DefaultGraph)
	facebook := origin(app.EnvFacebookGraph, FacebookGraph)
	hosts := []string{www, api, graph}
	if env.Get(app.EnvMetaAppID) != "" {
		hosts = append(hosts, origin(app.EnvFacebookWWW, FacebookWWW), facebook)
	}
	id, public := env.Get(app.EnvAppID), env.Get(app.EnvPublicURL)
	if !Usable(known, app.EnvAppID) {
		id = ""
	}
	var skews []Skew
	checks := []func() []Finding{
		func() (found []Finding) {
			found, skews = network.Hosts(ctx, unique(hosts)...)
			return found
		},
		func() []Finding {
			return network.Apps(ctx, App{
				InstagramID: id, RedirectURI: public + "/callback", API: api,
				MetaID: env.Get(app.EnvMetaAppID), MetaSecret: metaSecret, Graph: facebook,
			})
		},
	}
	if public != "" && Usable(known, app.EnvPublicURL) {
		checks = append(checks, func() []Finding {
			return network.Site(ctx, Site{Origin: public, AppID: id, WWW: www, Guarded: guarded})
		})
	}
	return together(checks...), skews
}

// unique returns a list without repetitions, in its order.
func unique(list []string) []string {
	var all []string
	seen := map[string]bool{}
	for _, text := range list {
		if !seen[text] {
			all = append(all, text)
		}
		seen[text] = true
	}
	return all
}

// The variables in which igauth dev takes the secrets of the two apps.
const (
	DevAppSecret     = "IGAUTH_DEV_APP_SECRET"
	DevMetaAppSecret = "IGAUTH_DEV_META_APP_SECRET"
)

// A Folder is what igauth dev keeps an installation in.
type Folder struct {
	Dir         string
	Environment Environment
	// Simulator says that Instagram is the simulator of the server itself.
	Simulator bool
	// AppSecret and MetaAppSecret are those that the server is given; zero is not
	// known.
	AppSecret, MetaAppSecret igauth.Secret
	Ledger                   igauth.Ledger
	// Now is the time in the folder, whose clock may have been moved.
	Now time.Time
	// Secrets are what no report may show.
	Secrets []igauth.Secret
}

// Folder examines a folder of igauth dev, and the server that uses it.
func (e Examination) Folder(ctx context.Context, f Folder) Report {
	findings := append(Settings{Environment: f.Environment, Simulator: f.Simulator, Local: true}.Check(), aside(e.Environment)...)
	findings = append(findings, Dashboard(f.Environment)...)
	findings = append(findings, Version(e.Version, e.Now())...)
	var metaSecret igauth.Secret
	if !f.Simulator {
		metaSecret = f.MetaAppSecret
		if !f.AppSecret.IsZero() {
			findings = append(findings, AppSecret(f.AppSecret, DevAppSecret)...)
		}
		if !metaSecret.IsZero() {
			findings = append(findings, AppSecret(metaSecret, DevMetaAppSecret)...)
		}
	}
	examined, idle := "the folder "+f.Dir, ""
	if e.Online {
		online, skews := e.outside(ctx, f.Environment, findings, "/accounts/0/token", metaSecret)
		if f.Simulator && silent(online) {
			idle = "The development server is not running; igauth dev starts it, with its simulator."
			online = nil
		}
		findings = append(findings, online...)
		findings = append(findings, Clock(skews)...)
		examined += ", its Instagram, and its public URL"
	}
	policy, _ := igauth.ParsePolicy(f.Environment.Get(app.EnvPolicy)) // what is wrong with it was named
	findings = append(findings, Installation{Ledger: f.Ledger, Warn: policy.WarnWithin, Now: f.Now, Local: true, Idle: idle}.Check(ctx)...)
	return NewReport(examined, findings, append(f.Secrets, f.AppSecret, f.MetaAppSecret)...)
}

// silent reports whether neither the simulator nor the server of a folder answers.
func silent(findings []Finding) bool {
	down := map[string]bool{}
	for _, f := range findings {
		down[f.ID] = true
	}
	return down["host-unreachable"] && down["site-unreachable"]
}

// Stack examines a deployed stack of which the functions are known, or why they
// are not.
func (e Examination) Stack(ctx context.Context, s Stack, client IAM, functions []Function, unlisted error) Report {
	findings, env := Deployed(s.Name, functions, unlisted)
	settings := Settings{Environment: env, Required: Required}
	if env == nil {
		env = e.Environment
		settings = Settings{Environment: env}
	}
	s.Settle(env)
	findings = append(findings, settings.Check()...)
	findings = append(findings, Dashboard(env)...)
	findings = append(findings, Version(e.Version, e.Now())...)

	var facts, more Facts
	there := false
	findings = append(findings, together(
		func() (found []Finding) {
			found, there = s.CheckTable(ctx, &facts)
			return found
		},
		func() []Finding { return s.CheckSecrets(ctx, &more) },
	)...)
	facts.add(more)
	facts.MetaSecret = more.MetaSecret
	facts.Resources.Settle(s.Name, s.Region, env.Get(app.EnvEventBus))

	policy, _ := igauth.ParsePolicy(env.Get(app.EnvPolicy)) // what is wrong with it was named
	var skews []Skew
	var ofVault Facts
	var checks []func() []Finding
	if there {
		checks = append(checks,
			func() []Finding { return s.CheckVault(ctx, &ofVault) },
			func() []Finding {
				return Installation{Ledger: s.Ledger, Warn: policy.WarnWithin, Now: e.Now(), Vault: billed(s.Vault)}.Check(ctx)
			},
		)
		if len(functions) > 0 {
			checks = append(checks, func() []Finding { return CheckRights(ctx, client, functions, facts.Resources) })
		}
	}
	if e.Online {
		known := findings
		checks = append(checks, func() (found []Finding) {
			found, skews = e.outside(ctx, env, known, "/accounts", facts.MetaSecret)
			return found
		})
	}
	findings = append(findings, together(checks...)...)
	findings = append(findings, Clock(append(skews, facts.Skews...))...)
	examined := "the stack " + s.Name + " in " + s.Region
	if e.Online {
		examined += ", Meta, and the public URL"
	}
	return NewReport(examined, findings, append(facts.Secrets, ofVault.Secrets...)...)
}

// billed returns the vault as the bill names it.
func billed(kind app.VaultKind) cost.Vault {
	if kind == app.VaultSealed {
		return cost.Sealed
	}
	return cost.SecretsManager
}
