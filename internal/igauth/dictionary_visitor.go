package igauth

import "net/http"

// Where the facts of the dictionary come from: Meta's pages, and what users of the
// API report where Meta documents nothing.
const (
	sourceErrors    = "https://developers.facebook.com/docs/graph-api/guides/error-handling"
	sourceLimits    = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting"
	sourceLogin     = "https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login"
	sourceStart     = "https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started"
	sourceOverview  = "https://developers.facebook.com/documentation/instagram-platform/overview"
	sourceRefresh   = "https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token"
	sourceFacebook  = "https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-facebook-login/business-login-for-instagram"
	sourceBusiness  = "https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business"
	sourceManual    = "https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow"
	sourceLongLived = "https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived"
	sourceData      = "https://developers.facebook.com/documentation/facebook-login/auth-vs-data"
	sourceTokens    = "https://developers.facebook.com/documentation/facebook-login/guides/access-tokens"
	sourceProof     = "https://developers.facebook.com/docs/graph-api/guides/secure-requests"
	sourceVersions  = "https://developers.facebook.com/docs/graph-api/changelog"
	sourceDeletion  = "https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback"
	sourceSecurity  = "https://developers.facebook.com/docs/facebook-login/access-tokens/security"
	sourceDisplay   = "https://developers.facebook.com/blog/post/2024/09/04/update-on-instagram-basic-display-api/"
	sourceLegacyAPI = "https://developers.facebook.com/blog/post/2019/10/15/launch-instagram-basic-display-api/"

	reportProbes    = "https://github.com/TN-Figueiredo/bythiagofigueiredo/blob/main/docs/ops/instagram-token-alert-runbook.md"
	reportCookies   = "https://github.com/spoo-me/spoo/pull/284"
	reportRedirect  = "https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/2"
	reportWWW       = "https://github.com/jsmrtn/craftagram/issues/29"
	reportMethod    = "https://github.com/NangoHQ/nango/issues/5531"
	reportDisplay   = "https://github.com/stevenschobert/instafeed.js/issues/654"
	reportRole      = "https://github.com/jsmrtn/craftagram/issues/86"
	reportNotFound  = "https://github.com/gitroomhq/postiz-app/issues/720"
	reportScope     = "https://github.com/TerribleDev/OwinOAuthProviders/issues/276"
	reportScopes    = "https://github.com/PostHog/posthog/pull/86748"
	reportPages     = "https://github.com/fbsamples/reels_publishing_apis/pull/38"
	reportPostiz    = "https://github.com/gitroomhq/postiz-app"
	reportChallenge = "https://github.com/gitroomhq/postiz-app/pull/2054"
	reportExpired   = "https://github.com/Msameim181/n8n-nodes-instagram-integrations/issues/8"
	reportParse     = "https://github.com/TiagoGrosso/instagram-graph-api-lib/issues/240"
	reportOtherApp  = "https://github.com/facebook/facebook-sdk-for-unity/issues/551"
	reportProof     = "https://github.com/scribejava/scribejava/pull/1070"
)

// visitorSection are the codes of a visit that Meta had no part in.
var visitorSection = section{
	title: "The visit",
	intro: "What a visitor meets on the way to Instagram or Facebook and back, before Meta was asked anything.",
	entries: []entry{
		{code: CodeConnected, status: http.StatusOK,
			en:      words{"Your Instagram account is connected", "You can close this page. There is nothing else to do: the connection is kept alive for you."},
			es:      words{"Tu cuenta de Instagram está conectada", "Puedes cerrar esta página. No tienes que hacer nada más: la conexión se mantiene activa por ti."},
			message: "The account is connected",
			cause:   "It has a live token. The visitor may have left out optional permissions: missing_scopes of the account lists them, and the page names them.",
			hint:    "If missing_scopes names a permission that you need, ask the visitor to connect again and leave everything switched on.",
			sources: []string{sourceLogin}},
		{code: CodeDenied, class: ClassRefused, status: http.StatusOK, retry: true,
			en:      words{"Instagram was not connected", "Access was not given, so nothing was connected and nothing was stored. If that was a mistake, you can start again."},
			es:      words{"No se conectó Instagram", "No se dio acceso, así que no se conectó ni se guardó nada. Si fue un error, puedes empezar de nuevo."},
			message: "The visitor did not give access",
			cause:   "Meta sent the visitor back with error=access_denied.",
			hint:    "Nothing has to be done, unless it happens to people who did not press Cancel.",
			checks: []string{
				"The visitor pressed Cancel.",
				"With Facebook Login: the Meta app is in development mode and the visitor has no role in it. Facebook then refuses by itself. Add the role, or switch the app to Live.",
			},
			sources: []string{sourceLogin, sourceManual}},
		{code: CodeReturnURLUnknown, class: ClassRefused, status: http.StatusBadRequest,
			en:      words{"This link is not set up correctly", "The website that sent you here asked to return to an address that is not registered. It is not your fault. Please tell the owner of the website and give them the code below."},
			es:      words{"Este enlace no está bien configurado", "El sitio web que te envió aquí pidió volver a una dirección que no está registrada. No es culpa tuya. Avisa a quien administra el sitio y dale el código de abajo."},
			message: "return_to is not a registered URL",
			cause:   "Visitors are sent back to registered addresses only, so that nobody can make a link that ends on a site of theirs.",
			hint:    "return_to must be equal, byte for byte, to one of the URLs in IGAUTH_RETURN_URLS (with igauth dev: --return-url). Register the URL, or leave return_to out to use the first one.",
			checks: []string{
				"return_to has a slash at its end, a www. or a query that the registered URL has not, or the reverse.",
				"return_to is http, or another port.",
				"return_to was not URL-encoded in the link.",
				"The URL was registered in another stack.",
			}},
		{code: CodeScopeUnknown, class: ClassRefused, status: http.StatusBadRequest,
			en:      words{"This link is not set up correctly", "The website that sent you here asked for a permission that does not exist. It is not your fault. Please tell the owner of the website and give them the code below."},
			es:      words{"Este enlace no está bien configurado", "El sitio web que te envió aquí pidió un permiso que no existe. No es culpa tuya. Avisa a quien administra el sitio y dale el código de abajo."},
			message: "scope has a permission that is not known",
			cause:   "Meta stops such a request on a page of its own, from which nobody comes back, so it is refused here.",
			hint:    "scope is a comma-separated list of instagram_business_basic, instagram_business_content_publish, instagram_business_manage_comments, instagram_business_manage_messages, instagram_business_manage_insights, or of scopes listed in IGAUTH_SCOPES.",
			checks: []string{
				"The scope is dead: user_profile and user_media since 4 December 2024, business_basic and its like since 27 January 2025, basic since 29 June 2020.",
				"The scope is of Facebook Login, such as instagram_basic. Those of Instagram Login begin with instagram_business_.",
				"The name has a typing error.",
			},
			sources: []string{sourceLogin}},
		{code: CodeRequestInvalid, class: ClassRefused, status: http.StatusBadRequest, retry: true,
			en:      words{"This link cannot be read", "The address of this page is damaged or incomplete. Nothing was connected. Please start again from the website."},
			es:      words{"Este enlace no se puede leer", "La dirección de esta página está dañada o incompleta. No se conectó nada. Empieza de nuevo desde el sitio web."},
			message: "The request cannot be read",
			cause:   "A parameter is missing, stands twice, is too long, or contradicts another one.",
			hint:    "Compare the link with the table of requests in the README. reconnect goes without scope; force_reauth is true or false."},
		{code: CodeStateInvalid, class: ClassRefused, status: http.StatusBadRequest, retry: true,
			en:      words{"This link does not belong to a connection you started", "Nothing was connected. Please start again from the website, and go on in the same window."},
			es:      words{"Este enlace no pertenece a una conexión que iniciaste", "No se conectó nada. Empieza de nuevo desde el sitio web y continúa en la misma ventana."},
			message: "The state is not one of ours",
			cause:   "The state was not made by this installation for its app, was changed on the way, or belongs to another browser. That is also how a forged link looks.",
			hint:    "If it is one visitor, have them start again. If it is everybody, look at the configuration.",
			checks: []string{
				"The visitor opened an old or a forwarded link.",
				"The state key was replaced within the last ten minutes.",
				"Meta's list of redirect URIs has the callback of another installation (staging and production share a Meta app).",
				"Something in front of the callback, such as a firewall or a link scanner, changes the query.",
			},
			sources: []string{sourceLogin}},
		{code: CodeStateExpired, class: ClassRefused, status: http.StatusBadRequest, retry: true,
			en:      words{"That took too long", "For your safety a connection must be finished within 10 minutes. Nothing was connected. Please start again."},
			es:      words{"Pasó demasiado tiempo", "Por tu seguridad, la conexión debe completarse en 10 minutos. No se conectó nada. Empieza de nuevo."},
			message: "The flow is older than 10 minutes",
			cause:   "The visitor stayed at Instagram or Facebook for more than 10 minutes, or came back to an old page.",
			hint:    "Have the visitor start again. Nothing was spent."},
		{code: CodeCookieMissing, class: ClassRefused, status: http.StatusBadRequest, retry: true,
			en:      words{"Please continue in this browser", "You came back in another browser than the one you started in, or cookies are blocked. Nothing was connected yet. Start again here and stay in this window."},
			es:      words{"Continúa en este navegador", "Volviste en un navegador distinto del que usaste al empezar, o las cookies están bloqueadas. Aún no se conectó nada. Empieza de nuevo aquí y quédate en esta ventana."},
			message: "The cookie of the flow did not arrive",
			cause:   "A flow ends only in the browser in which it began: otherwise one person could be made to connect the account of another. The code was not spent.",
			hint:    "Have the visitor start again in the browser in which the page is shown.",
			checks: []string{
				"The visitor began in the browser inside another app (Instagram, Facebook, a mail program), and the phone opened the way back in its own browser.",
				"Cookies are blocked.",
				"Somebody forwarded the address of the callback.",
				"With igauth dev: the visitor began at localhost and came back to 127.0.0.1, or the reverse.",
			},
			sources: []string{reportCookies}},
		{code: CodeInProgress, class: ClassTransient, status: http.StatusAccepted,
			en:      words{"Almost done", "Your connection is being finished. This page continues by itself in a moment."},
			es:      words{"Casi listo", "Estamos terminando tu conexión. Esta página continúa sola en un momento."},
			message: "Somebody else is at work on it",
			cause:   "Another request of the same browser is spending the code, or another process is working on the account.",
			hint:    "Wait a few seconds and ask again."},
		{code: CodeOutcomeUnknown, class: ClassTransient, status: http.StatusBadGateway, retry: true,
			en:      words{"We could not finish the connection", "The last answer was lost on its way, so we do not know whether it worked. Please connect once more; it usually takes a single click."},
			es:      words{"No pudimos terminar la conexión", "La última respuesta se perdió por el camino, así que no sabemos si funcionó. Conecta de nuevo; suele bastar un clic."},
			message: "The answer to the code exchange was lost",
			cause:   "The request that spends the code was sent and no answer came back. A code is spent once, so it was not tried again.",
			hint:    "Have the visitor connect again. If it keeps happening, look at Meta's status page, https://metastatus.com.",
			sources: []string{sourceLogin}},
		{code: CodeLinkInvalid, class: ClassRefused, status: http.StatusBadRequest,
			en:      words{"This link cannot be used", "It is damaged or incomplete, or it is not a link of this website. Nothing was changed. Open it once more from where you got it, whole; if that does not help, ask the website for a new link."},
			es:      words{"Este enlace no se puede usar", "Está dañado o incompleto, o no es un enlace de este sitio. No se cambió nada. Ábrelo otra vez, completo, desde donde lo recibiste; si no sirve, pide un enlace nuevo al sitio web."},
			message: "The reconnect link is not one of ours",
			cause:   "The text of reconnect was not made by this installation for its present app, was changed, or is older than the state key.",
			hint:    "Make a new link with GET /accounts/{id}/reconnect or igauth reconnect.",
			checks: []string{
				"A mail program broke the link, or it was copied in part.",
				"The state key was replaced since the link was made.",
				"The app id of the installation was changed since.",
			}},
		{code: CodeLinkExpired, class: ClassRefused, status: http.StatusBadRequest,
			en:      words{"This link is too old", "Links to reconnect an account work for 30 days. Nothing was changed. Ask the website for a new link."},
			es:      words{"Este enlace es demasiado antiguo", "Los enlaces para volver a conectar una cuenta sirven durante 30 días. No se cambió nada. Pide un enlace nuevo al sitio web."},
			message: "The reconnect link is older than 30 days",
			cause:   "A link ends after 30 days, so that one that lies around in a mailbox does not work for ever.",
			hint:    "Make a new link with GET /accounts/{id}/reconnect or igauth reconnect."},
		{code: CodeWrongAccount, class: ClassRefused, status: http.StatusForbidden, retry: true,
			en:      words{"That was another Instagram account", "This link connects one account, and you signed in with a different one. Nothing was connected or changed. Start again and sign in with the right account."},
			es:      words{"Esa era otra cuenta de Instagram", "Este enlace conecta una sola cuenta y entraste con otra distinta. No se conectó ni se cambió nada. Empieza de nuevo y entra con la cuenta correcta."},
			message: "The visitor signed in as another account",
			cause:   "The visitor opened a reconnect link and signed in as another account than the link is for. A browser that is signed in takes the account that is open, without asking. With Facebook Login: none of the accounts that the person can act for is that one.",
			hint:    "The button on the page asks for the account again. To connect any account, link to /authorize without reconnect.",
			sources: []string{sourceLogin}},
		{code: CodeLoginUnknown, class: ClassRefused, status: http.StatusBadRequest,
			en:      words{"This link is not set up correctly", "The website that sent you here asked for a way to sign in that does not exist. It is not your fault. Please tell the owner of the website and give them the code below."},
			es:      words{"Este enlace no está bien configurado", "El sitio web que te envió aquí pidió una forma de entrar que no existe. No es culpa tuya. Avisa a quien administra el sitio y dale el código de abajo."},
			message: "login is neither instagram nor facebook",
			cause:   "There are two ways to log in.",
			hint:    "login is instagram, which is the default, or facebook."},
		{code: CodeLoginOff, class: ClassRefused, status: http.StatusBadRequest,
			en:      words{"This link is not set up correctly", "The website that sent you here wants you to sign in with Facebook, and that is not switched on. It is not your fault. Please tell the owner of the website and give them the code below."},
			es:      words{"Este enlace no está bien configurado", "El sitio web que te envió aquí quiere que entres con Facebook, y eso no está activado. No es culpa tuya. Avisa a quien administra el sitio y dale el código de abajo."},
			message: "Facebook Login is not configured",
			cause:   "The link has login=facebook, and this installation has Instagram Login alone.",
			hint:    "Facebook Login needs the id and the secret of the Meta app: IGAUTH_META_APP_ID and IGAUTH_META_APP_SECRET_NAME, the stack's parameters MetaAppId and MetaAppSecret."},
		{code: CodeChoose, class: ClassRefused, status: http.StatusOK, retry: true,
			en:      words{"Which account do you want to connect?", "Facebook shows these Instagram accounts to us. Choose one; the others are left alone."},
			es:      words{"¿Qué cuenta quieres conectar?", "Facebook nos muestra estas cuentas de Instagram. Elige una; las demás no se tocan."},
			message: "The visitor has several accounts to choose from",
			cause:   "The visitor's Facebook login reaches several Instagram accounts. Nothing is connected until one of them is chosen, on /callback/choose.",
			hint:    "Nothing has to be done. Who does not choose within 10 minutes starts again."},
		{code: CodeChoiceInvalid, class: ClassRefused, status: http.StatusBadRequest, retry: true,
			en:      words{"Please choose one of the accounts", "Nothing was connected yet. Go back and choose one of the accounts of the list."},
			es:      words{"Elige una de las cuentas", "Aún no se conectó nada. Vuelve atrás y elige una de las cuentas de la lista."},
			message: "The chosen account was not on the list",
			cause:   "The account that was chosen is not among those that were offered in this flow, or none was chosen.",
			hint:    "Have the visitor choose again. The list lasts as long as the flow, 10 minutes."},
		{code: CodeOtherSite, class: ClassRefused, status: http.StatusForbidden, retry: true,
			en:      words{"That did not come from our page", "The choice was sent by another website, so it was not taken. Nothing was connected. Start again, and choose on the page that you see here."},
			es:      words{"Eso no vino de nuestra página", "La elección la envió otro sitio web, así que no se tomó. No se conectó nada. Empieza de nuevo y elige en la página que ves aquí."},
			message: "Another website sent the choice of an account",
			cause:   "The visitor's browser says that the form of /callback/choose was sent by a page of another origin (Sec-Fetch-Site or Origin).",
			hint:    "Nothing has to be done, unless it happens to visitors of your own.",
			checks: []string{
				"Another website tries to choose for the visitor: the choice was refused, and the flow still waits for the visitor's own.",
				"Something in front of the callback shows our page under another name and writes the header Origin anew.",
			}},
		{code: CodeRouteNotFound, class: ClassRefused, status: http.StatusNotFound,
			en:      words{"There is nothing here", "This address does not exist. Please start again from the website."},
			es:      words{"Aquí no hay nada", "Esta dirección no existe. Empieza de nuevo desde el sitio web."},
			message: "There is no such path",
			cause:   "Neither a page nor a part of the API has this address.",
			hint:    "The README lists the paths."},
		{code: CodeMethod, class: ClassRefused, status: http.StatusMethodNotAllowed,
			en:      words{"This address cannot be used like this", "Please start again from the website."},
			es:      words{"Esta dirección no se puede usar así", "Empieza de nuevo desde el sitio web."},
			message: "The path has no such method",
			cause:   "The address exists, but not for this HTTP method.",
			hint:    "The README lists the methods of each path."},
		{code: CodeUnavailable, class: ClassTransient, status: http.StatusInternalServerError, retry: true,
			en:      words{"Something went wrong on our side", "Nothing is lost. Please try again in a moment; if it happens again, tell the owner of the website and give them the code below."},
			es:      words{"Algo falló de nuestro lado", "No se perdió nada. Inténtalo de nuevo en un momento; si vuelve a pasar, avisa a quien administra el sitio y dale el código de abajo."},
			message: "A store or a key could not be reached",
			cause:   "The ledger, the vault or a secret did not answer. No account was changed.",
			hint:    "Look at the log line, which has the cause.",
			checks: []string{
				"AWS has an outage or throttles: try again.",
				"The function's role may not read the table, the secret or the KMS key: the log says AccessDenied.",
				"The stack was not deployed to its end, or a secret was deleted.",
			}},
	},
}
