"""Japanese for what is said of calls at exchanges that were made: comparisons, audits, and who carries no more."""

AFTERWARDS: dict[str, str] = {
    "A device that signed an order or a withdrawal which another one carried looks afterwards "
    "what was made of it, and signs no further one before. What differs freezes the wallet. "
    "Each device tells it to you alone, sealed and signed: the service does not see it, and no "
    "device believes another.": (
        "別の端末が運んだ注文や出金に署名した端末は、それがどうなったかを後から取引所で確かめ、それまで次"
        "のものに署名しません。食い違いがあればウォレットを凍結します。結果は各端末が署名と封をしてあなた"
        "だけに伝えます。サービスには見えず、端末どうしも互いの言葉を信じません。"
    ),
    "Did you see at the exchange itself that they are?": "それを取引所そのもので確かめましたか",
    "For a device that another one found out ('warifu exchange compare'). What one device says "
    "of another none believes, or a hostile one would have the honest ones banned; so the word "
    "is yours. Your word alone is enough, it holds at once, and those that are away hear it "
    "when they come. It still signs for what others carry: leave it out, or make a new wallet, "
    "where you do not trust it at all.": (
        "別の端末がその改変を見つけた端末のためのものです（'warifu exchange "
        "compare'）。一台の端末の言い分だけでは、どの端末も信じません。敵の端末が正しい端末を締め"
        "出せてしまうからです。決めるのはあなたです。あなた一人の言葉ですぐに効き、不在の端末は戻ったとき"
        "に聞きます。その端末はほかの端末が運ぶものには署名を続けます。まったく信用できないなら、外すか、"
        "新しいウォレットを作ってください。"
    ),
    "Have the devices of WALLET let DEVICE carry nothing to an exchange: no call, and no step of a visit.": (
        "WALLET の端末たちが DEVICE に取引所へ何も運ばせないようにします。呼び出しも、預け入れの手順もです。"
    ),
    "I looked at the exchange myself: settle what is not settled.": (
        "取引所を自分で見ました。決着していないものを決着とします。"
    ),
    "Let it carry again. It takes as many owners as the largest payment.": (
        "再び運ばせます。最大の支払いと同じ数の所有者が要ります。"
    ),
    "SOMETHING ELSE than was signed": "署名したものと違うもの",
    "Show what each device of WALLET has to compare at the exchange, and in what it found something else.": (
        "WALLET の各端末が取引所で照合すべきものと、見つけた食い違いを示します。"
    ),
    "With --accept you say that you looked at ACCOUNT yourself, at the exchange, and that all "
    "is right there: an order that you placed by hand, a list that does not come to an end. It "
    "takes as many owners as the largest payment. Then end the freeze ('warifu policy unfreeze'). "
    "What a carrier changed, you do not accept: 'warifu devices ban-carrier' first.": (
        "--accept は、あなたが ACCOUNT "
        "を取引所で自分で見て、すべて正しかったと告げることです。手で出した注文や、終わりのない一覧などの"
        "場合です。最大の支払いと同じ数の所有者が要ります。その後で凍結を解きます（'warifu policy "
        "unfreeze'）。運び手が変えたものは認めず、先に 'warifu devices "
        "ban-carrier' を使ってください。"
    ),
    "With --accept: this one alone (repeat).": (
        "--accept とともに、これだけを対象にします（繰り返せます）。"
    ),
    "Where the wallet is frozen, end that: warifu policy unfreeze {wallet}": (
        "ウォレットが凍結中なら、解いてください: warifu policy unfreeze {wallet}"
    ),
    "call": "呼び出し",
    "comparison settled by an owner": "所有者による照合の決着",
    "comparisons": "照合",
    "device carries nothing to exchanges": "端末は取引所へ運ばない",
    "device carries to exchanges again": "端末は再び取引所へ運ぶ",
    "found as it was signed; looked at once more": "署名どおりにあり、もう一度確かめる",
    "has nothing to compare": "照合するものはありません",
    "lets these carry nothing, as an owner said: {names}": (
        "所有者の言葉により、次の端末には運ばせません: {names}"
    ),
    "signed for on {when}, carried by {carrier}: {asked}": (
        "{when} に署名し、{carrier} が運んだもの: {asked}"
    ),
    "to be compared": "照合待ち",
    "to let this device carry nothing to exchanges:": "この端末に取引所へ何も運ばせないこと:",
    "to let this device carry to exchanges again:": "この端末に再び取引所へ運ばせること:",
    "to settle what was not compared, or differed: an owner looked at the exchange": (
        "照合できなかったものや食い違ったものの決着。所有者が取引所を見た"
    ),
    "{count} calls are taken for right on your word: no device looks at them any more.": (
        "呼び出し {count} 件をあなたの言葉で正しいとみなします。端末はもう確かめません。"
    ),
    "{device} (entry {entry}) and {other} (entry {other_entry}) tell of call {call} otherwise: {fields}": (
        "{device}（記録 {entry}）と {other}（記録 "
        "{other_entry}）は、呼び出し {call} について違うことを述べています: "
        "{fields}"
    ),
    "{device} (entry {entry}) and {other} signed two calls for the one id {call}": (
        "{device}（記録 {entry}）と {other} は、一つの識別子 {call} で二つの呼び出しに署名しました"
    ),
    "{device} (entry {entry}) carried call {call}, and nobody knows what came of it": (
        "{device}（記録 {entry}）は呼び出し {call} を運びましたが、結果を誰も知りません"
    ),
    "{device} (entry {entry}) found at the exchange something else than it signed for {carrier} to "
    "carry: {found}": (
        "{device}（記録 {entry}）は、{carrier} "
        "が運んだものについて、署名したものと違うものを取引所で見つけました: {found}"
    ),
    "{device} (entry {entry}) says that the exchange answered a call with {said}; {other} (entry "
    "{other_entry}) looked afterwards and found {found}": (
        "{device}（記録 {entry}）は取引所の答えを {said} "
        "と述べますが、{other}（記録 {other_entry}）が後で確かめると "
        "{found} でした"
    ),
    "{device} (entry {entry}) signed call {call}, and has not compared it at the exchange yet": (
        "{device}（記録 {entry}）は呼び出し {call} に署名し、まだ取引所で照合していません"
    ),
    "{device} (entry {entry}) used the account {account} after {other} had removed it": (
        "{device}（記録 {entry}）は、{other} が口座 {account} を消した後でそれを使いました"
    ),
    "{device} does not have call {call}, which {other} (entry {other_entry}) signed for it to carry, and "
    "{finder} (entry {found_entry}) found at the exchange": (
        "{device} には呼び出し {call} の記録がありません。{other}（記録 "
        "{other_entry}）が運ばせるために署名し、{finder}（記録 "
        "{found_entry}）が取引所で見つけたものです"
    ),
    "{device} does not have call {call}, which {other} (entry {other_entry}) signed for it to carry; "
    "nobody looked at the exchange whether it did": (
        "{device} には呼び出し {call} の記録がありません。{other}（記録 "
        "{other_entry}）が運ばせるために署名したもので、運んだかどうかは誰も取引所で確かめて"
        "いません"
    ),
    "{device} does not have its part in call {call}, which {other} (entry {other_entry}) carried with "
    "its signature": (
        "{device} には呼び出し {call} "
        "の自分の分の記録がありません。{other}（記録 "
        "{other_entry}）がその署名とともに運んだものです"
    ),
    "{device} does not have the session of call {call}, in which {other} (entry {other_entry}) met it": (
        "{device} には呼び出し {call} "
        "のセッションの記録がありません。{other}（記録 "
        "{other_entry}）はそこで会っています"
    ),
    "{device}: entry {entry} is a call with the account {account}, which it did not keep then": (
        "{device}: 記録 {entry} は、その時に持っていなかった口座 {account} の呼び出しです"
    ),
    "{device}: entry {entry} signs again, though call {call} (entry {before}) was not compared at the "
    "exchange": (
        "{device}: 記録 {entry} は、呼び出し {call}（記録 "
        "{before}）を取引所で照合しないまま、次に署名しています"
    ),
    "{device}: entry {entry} signs call {call} for a carrier that an owner had banned": (
        "{device}: 記録 {entry} は、所有者が運ばせないとした端末のために呼び出し {call} に署名しています"
    ),
    "{device}: entry {entry} starts call {call} once more": (
        "{device}: 記録 {entry} は呼び出し {call} をもう一度始めています"
    ),
    "{device}: entry {entry} tells of call {call}, which {count} devices cannot have signed": (
        "{device}: 記録 {entry} の呼び出し {call} は、端末 {count} 台では署名できないものです"
    ),
    "{device}: entry {entry} tells of something else at the exchange, and the wallet was not frozen for it": (
        "{device}: 記録 {entry} は取引所での食い違いを述べますが、ウォレットは凍結されていませんでした"
    ),
    "{device}: entry {entry} tells of the end of a call that it never started": (
        "{device}: 記録 {entry} は、始めたことのない呼び出しの結末を述べています"
    ),
    "Ask the exchange of this account what it lists, and name what no device signed for (repeat).": (
        "この口座の取引所に一覧を尋ね、どの端末も署名していないものを挙げます（繰り返せます）。"
    ),
    "With --exchange the devices ask the exchange of ACCOUNT, with its own credential, for its orders "
    "and withdrawals. What you placed by hand is among what no device signed for: you know whether it "
    "was you.": (
        "--exchange では、端末が ACCOUNT "
        "自身の認証情報でその取引所に注文と出金を尋ねます。手で出したものも、どの端末も署名していないもの"
        "に含まれます。それが自分かどうかは、あなたが知っています。"
    ),
    "at the exchange of account {account} is {kind} {id} ({what}), and no device signed for it: was it "
    "you?": (
        "口座 {account} の取引所に {kind} "
        "{id}（{what}）がありますが、どの端末も署名していません。あなたですか"
    ),
    "the exchange of account {account} could not be asked for all: {why}": (
        "口座 {account} の取引所にすべてを尋ねることはできませんでした: {why}"
    ),
    "the exchange says no: {reason}": ("取引所の拒否: {reason}"),
    "this version cannot list what was made there": ("この版は、そこで行われたものの一覧を取れません"),
    "{device} (entry {entry}) has call {call}, which the exchange of account {account} took and does not "
    "list": (
        "{device}（記録 {entry}）には、口座 {account} "
        "の取引所が受けたはずなのに一覧にない呼び出し {call} があります"
    ),
}
