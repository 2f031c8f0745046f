"""Japanese words of ``warifu exchange bank``."""

from __future__ import annotations

BANKS: dict[str, str] = {
    "Ask the exchange what became of the order, withdrawal or bank transfer with this IDENTIFIER.": (
        "この IDENTIFIER の注文、出金、銀行との入出金がどうなったかを取引所に尋ねます。"
    ),
    "Bring AMOUNT from ACCOUNT to a bank that the wallet's policy names, in the bank's currency.": (
        "ACCOUNT から、ウォレットのポリシーに名のある銀行へ、その銀行の通貨で AMOUNT を出金します。"
    ),
    "From bank": "銀行から",
    "It counts with what leaves the exchange, by the policy's limits. No exchange lets it "
    "have an identifier of ours, so nothing makes it happen once: where no answer comes, "
    "'warifu exchange status' finds it by bank, amount and time.": (
        "ポリシーの限度では、取引所から出るものと合わせて数えます。こちらの識別子を付けられる取引所はない"
        "ので、一度しか起きないという保証はありません。答えが来ないときは 'warifu exchange status' "
        "が、銀行と金額と時刻で見つけます。"
    ),
    "It is the way to go on after an answer was lost. Nothing is ever sent a second time. "
    "A bank transfer is found by bank, amount and time: where two are alike, both are shown.": (
        "答えが失われたときはここから続けます。同じものを二度送ることはありません。銀行との入出金は、"
        "銀行と金額と時刻で探します。同じものが二つあれば、両方を示します。"
    ),
    "It takes a key that is whole in one device, and the policy's word: a withdrawal goes "
    'to the banks alone that it names (inside = ["payment-method:ID"]), and what is taken '
    "from a bank counts with what leaves the exchange.": (
        "一台の端末にまるごとある鍵と、ポリシーの許しが要ります。出金は、ポリシーに名のある銀行（inside "
        '= ["payment-method:ID"]）にだけ行きます。銀行から取るものは、取引所から出るものと合わせて数えま'
        "す。"
    ),
    "List the banks that are linked to ACCOUNT at the exchange, and what a policy calls each.": (
        "取引所で ACCOUNT に結び付いている銀行と、ポリシーでの呼び名を一覧します。"
    ),
    "List what of ACCOUNT this client asked for and does not know the end of: orders, withdrawals, "
    "bank transfers.": (
        "このクライアントが頼んだ ACCOUNT の注文、出金、銀行との入出金のうち、結末をまだ知らないものを一"
        "覧します。"
    ),
    "Money of a country, from your bank to an exchange and back.": "国の通貨を、銀行から取引所へ、取引所から銀行へ。",
    "Nothing was moved.": "何も動かしていません。",
    "Paid out": "支払い",
    "Pay this to the bank?": "銀行に出金しますか？",
    "Show the transfer, what the policy lacks and what each device says of it; move nothing.": (
        "入出金の内容、ポリシーに足りないもの、各端末の判断を示すだけで、何も動かしません。"
    ),
    "Take AMOUNT from a bank to ACCOUNT, in the bank's currency.": (
        "銀行から ACCOUNT へ、その銀行の通貨で AMOUNT を入金します。"
    ),
    "Take this from the bank?": "銀行から入金しますか？",
    "To bank": "銀行へ",
    "Transfer": "入出金",
    'Which bank, each device judges by itself: it is among the policy\'s inside = ["payment-method:ID"'
    "] ('warifu exchange bank list' shows the line), or nothing is signed. Nothing makes "
    "it happen once: where no answer comes, 'warifu exchange status' finds it by bank, amount "
    "and time.": (
        'どの銀行かは、各端末が自分で判断します。ポリシーの inside = ["payment-method:ID"]（\'warifu '
        "exchange bank list' がその行を示します）にない銀行には、何も署名しません。一度しか起きないという"
        "保証はありません。答えが来ないときは 'warifu exchange status' が、銀行と金額と時刻で見つけます。"
    ),
    "Which one, where several are linked: its identifier, or its name.": "複数あるときに、どの銀行か。識別子か名前。",
    "bank": "銀行",
    "currency": "通貨",
    "deposits": "入金",
    "in the policy": "ポリシーでの名",
    "takes": "できること",
    "withdrawals": "出金",
    "the exchange says it with its answer, and not before": "取引所は答えと一緒に知らせます。前もっては言いません",
    "the exchange took it as {name} and does not list it now: ask again": (
        "取引所は {name} として受けつけましたが、今は一覧にありません。もう一度尋ねてください"
    ),
    "{count} of this amount with this bank in the last 24 hours: {ids}. This is a further one": (
        "この銀行との同じ金額の入出金が、この24時間に {count} 件あります：{ids}。これは、さらにもう一件です"
    ),
    "{count} transfers of this amount with this bank were made since: which of them this "
    "one is cannot be told, and none is made again": (
        "その後、この銀行との同じ金額の入出金が {count} 件あります。どれがこれかは分かりません。"
        "もう一度行うことはありません"
    ),
}
