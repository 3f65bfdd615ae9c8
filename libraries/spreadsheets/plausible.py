"""How plausible a reading of bytes is, by the words and letters that lists of people have.

Nearly every Korean text decodes as Japanese and as Chinese too, and the other way round: that it decodes proves
nothing. What proves something are words of headings, kana, and letters that names and groups are made of.
"""

import re
import unicodedata
from collections.abc import Callable
from itertools import islice
from typing import Final

# In descending order of what they prove.
KNOWN_WORD, SURE, POSSIBLE, IMPLAUSIBLE = 3, 2, 1, 0

_JUDGED_CHARACTERS: Final = 20_000
_SURE_SHARE: Final = 0.8
_POSSIBLE_SHARE: Final = 0.9
_KANA_SHARE: Final = 0.15

_WORDS: Final = {
    "cp949": """이메일 메일 전자우편 이름 성명 성함 그룹 회원 고객 전화 휴대 연락처 주소 번호 등급 가입 부서 회사 담당
        수신 동의 날짜 비고 신규 우수 일반 직원 학생 학년 단체 업체 구분 아이디""",
    "japanese": """メール アドレス 名前 氏名 グループ 会員 電話 住所 会社 番号 お客様 顧客 登録 担当 部署 備考 新規
        フリガナ ふりがな ユーザー 配信 性別 株式会社 さん""",
    "gb18030": "邮箱 邮件 电子 姓名 名字 分组 群组 会员 客户 电话 手机 地址 公司 编号 部门 备注 用户",
    "big5": "郵箱 郵件 信箱 電子 姓名 名字 群組 分組 會員 客戶 電話 手機 地址 公司 編號 部門 備註 使用者",
}

_HANGUL: Final = frozenset(
    """가각간갈감갑강개객거건걸검겁게겨격견결겸경계고곡곤골공과관광교구국군굴권규균그극근글금급기긴길김까께꼭꽃끝
    나낙난날남납내냉너널네녀년념노녹논놀농높누눈뉴느늘능니님다단달담답당대댁더덕데도독돈동된되두둘드득든들등디따때또
    라락란람랑래량러런레려력련렬령례로록론료룡루류륙률르름리린림립링마막만말망매맥맹머먼메며면명모목몰몽무묵문물미민밀
    바박반발밤방배백버번벌범법벽변별병보복본볼봄봉부북분불브비빈빙빛사산살삼상새색생서석선설섬섭성세셀소속손솔송쇼수숙
    순술숨스슬습승시식신실심십싱쌍써씨아악안알암압앙애액야약양어언얼엄업없에여역연열염엽영예오옥온올옹와완왕외요욕용우
    욱운울원월위유육윤율융으은을음응의이익인일임입있자작잔잠장재저적전절점접정제조족존종좋좌주죽준줄중즈즉증지직진질집
    징차착찬참창채책처천철첨첩청체초촌총최추축춘출충취층치친칠침칭카커컨컴케코콘쿠크클키타탁탄탈탐태택터테텍토통투트특
    티팀파판팔패페편평포폭표품풍프플피필하학한할함합항해핵행향허헌험혁현협형혜호혹홀홈홍화확환활황회획효후훈휘휴흥희히
    했스튜샵점랜딩폰앱웹몰뱅킹값꿈뜻맛밖별"""
)
_JAPANESE: Final = frozenset(
    """田中山本佐藤鈴木高橋伊渡辺村小林加吉井上口松清阿部森池石原前後岡長谷川島崎斎斉三四五六七八九十大太郎子美一二次男
    雄夫介助和正信智恵由真理香花奈菜優健康浩博明光幸宏弘昭雅義義史士志司也哉平成昌実樹春夏秋冬東西南北京都府県市区町
    株式会社部課長員顧客常連得意先様新規名氏宛番号日年月時人事業務営経総企画開発技術製造販売店舗支店本金銀特別一般
    野福西今近内外坂桜竹梅菅桑柴神保河浜海江杉栗植横服古青赤黒白水谷土星空武丸永久安達遠工関菊熊増宮望矢柳和渡"""
)
_SIMPLIFIED: Final = frozenset(
    """王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏
    钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文小明华伟芳娜秀英敏静丽强
    磊军洋勇艳杰娟涛超霞平刚桂客户会员公司中国有限北京上海广州深圳新老名字姓电话邮箱件组用一二三四五大学生"""
)
_TRADITIONAL: Final = frozenset(
    """陳林黃張李王吳劉蔡楊許鄭謝郭洪曾邱廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾彭游詹胡施沈余趙盧梁顏柯翁魏孫戴范方宋鄧杜
    傅侯曹薛丁卓馬阮董唐溫藍蔣石古紀姚連馮歐程湯田康姜白汪尤鄒巫鐘涂龔志明家豪俊傑建宏雅婷怡君淑芬美玲小大文華國中客戶
    會員公司有限台北市新老名字姓電話郵箱件組用一二三四五學生"""
)
_WESTERN_RUN: Final = re.compile("[\x80-\uffff]+")
_WITHIN_WORD: Final = re.compile("(?<=[A-Za-z])[À-ÿŒœŠšŽžŸ]{2}(?=[a-z])")
_WESTERN_LETTERS: Final = re.compile("[À-ÖØ-öø-ÿŒœŠšŽžŸ]{1,2}")
_WESTERN_SIGNS: Final = re.compile("[\xa0–—‘’“”•…€£©®°´·«»¡¿]{1,2}")


def plausibility(text: str, encoding: str) -> int:
    """How plausible it is that a file's text in other than ASCII letters is this."""
    if encoding == "cp1252":
        return _western(text)
    language = "japanese" if encoding in ("cp932", "euc-jp") else encoding
    if any(word in text for word in _WORDS[language].split()):
        return KNOWN_WORD
    letters = list(islice(filter(_is_foreign_letter, text), _JUDGED_CHARACTERS))
    return _JUDGES[encoding](letters) if letters else IMPLAUSIBLE


def count_letters(text: str) -> int:
    """How many letters there are to judge by, no more than matter."""
    return sum(1 for _ in islice(filter(_is_foreign_letter, text), _JUDGED_CHARACTERS))


def _is_foreign_letter(character: str) -> bool:
    # Units in a square and numbers in brackets (㎁, ㈘) are what wrong readings have and people do not write.
    is_square = "\u3200" <= character <= "\u33ff"
    return character > "\x7f" and (is_square or unicodedata.category(character)[0] not in "PSZ")


def _share(letters: list[str], is_known: Callable[[str], bool]) -> float:
    return sum(map(is_known, letters)) / len(letters)


def _korean(letters: list[str]) -> int:
    if _share(letters, _HANGUL.__contains__) >= _SURE_SHARE:
        return SURE
    return POSSIBLE if _share(letters, lambda letter: "가" <= letter <= "힣") >= _POSSIBLE_SHARE else IMPLAUSIBLE


def _japanese(letters: list[str]) -> int:
    known = _share(letters, lambda letter: "ぁ" <= letter <= "ヿ" or letter in _JAPANESE)
    kana = _share(letters, lambda letter: "ぁ" <= letter <= "ヿ")
    usual = _share(letters, lambda letter: "ぁ" <= letter <= "ヿ" or _is_in(letter, "euc-jp", 0xB0, 0xCF))
    if usual >= _POSSIBLE_SHARE:
        return SURE if kana >= _KANA_SHARE or known >= _SURE_SHARE else POSSIBLE
    # Katakana of half width are what other encodings look like, and what old cash registers write.
    narrow = _share(letters, lambda letter: "ｦ" <= letter <= "ﾟ")
    return POSSIBLE if narrow + usual >= 1 else IMPLAUSIBLE


def _simplified(letters: list[str]) -> int:
    if _share(letters, _SIMPLIFIED.__contains__) >= _SURE_SHARE:
        return SURE
    usual = _share(letters, lambda letter: _is_in(letter, "gb2312", 0xB0, 0xD7))
    return POSSIBLE if usual >= _POSSIBLE_SHARE else IMPLAUSIBLE


def _traditional(letters: list[str]) -> int:
    if _share(letters, _TRADITIONAL.__contains__) >= _SURE_SHARE:
        return SURE
    usual = _share(letters, lambda letter: _is_in(letter, "big5", 0xA4, 0xC6))
    return POSSIBLE if usual >= _POSSIBLE_SHARE else IMPLAUSIBLE


def _western(text: str) -> int:
    """Letters with accents stand alone among plain ones; letters of other scripts hardly ever do in these bytes."""
    runs = _WESTERN_RUN.findall(text)
    if not runs:
        return IMPLAUSIBLE
    fitting = sum(bool(_WESTERN_LETTERS.fullmatch(run) or _WESTERN_SIGNS.fullmatch(run)) for run in runs)
    if fitting < len(runs) * _POSSIBLE_SHARE:
        return IMPLAUSIBLE
    alone = sum(len(run) == 1 for run in runs)
    if alone * 2 > len(runs):
        return SURE
    # `Núñez`: two in a row, within a word of plain letters. A single letter of two bytes has none around it.
    within = len(_WITHIN_WORD.findall(text))
    return POSSIBLE if alone + within >= len(runs) else IMPLAUSIBLE


def _is_in(letter: str, encoding: str, first: int, last: int) -> bool:
    """Whether the letter is among those of everyday use, which the standard lists first."""
    try:
        code = letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and first <= code[0] <= last


_JUDGES: Final[dict[str, Callable[[list[str]], int]]] = {
    "cp949": _korean,
    "cp932": _japanese,
    "euc-jp": _japanese,
    "gb18030": _simplified,
    "big5": _traditional,
}
