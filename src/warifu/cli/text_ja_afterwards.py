"""Japanese for what is said of calls at exchanges that were made: comparisons, and who carries no more."""

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
}
